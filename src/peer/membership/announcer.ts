// Announces this server: once in a period, and more often where announcements get lost. It sends goodbyes when the server
// leaves. Owns the timer and the sequence numbers; `send` is handed in.

import type { Clock, Random } from '../../base/clock.ts'
import type { HostPort } from '../../base/host-port.ts'
import { peerLimits } from '../../base/limits.ts'
import type { Announcement, Resources } from '../../wire/announcement.ts'
import type { Identity } from './settings.ts'

/** Periods at the start in which announcements are as frequent as possible, because the loss is not known yet. */
const firstPeriods = 3
/** Goodbyes may get lost, too. */
const goodbyes = 3
/** Share of the time between two announcements that is random, so that peers do not send at the same time. */
const jitter = 0.1
/** A smaller loss needs no repetition. */
const lossLeast = 0.001

interface Loss {
  /** Share of the others' announcements that do not arrive here, 0..1. */
  readonly here: number
  /** Largest share of this server's announcements that do not arrive at a peer, as the peers report, 0..1. */
  readonly there: number
}

interface AnnouncerOptions {
  readonly identity: Identity
  readonly periodMs: number
  readonly clock: Clock
  readonly random: Random
  readonly resources: () => Resources
  readonly loss: () => Loss
  /** Announcements in one period at most: 1 where none gets lost on the way. */
  readonly beatsMax: number
  /** Where peers may ask how much room this server has; `undefined`: nowhere. */
  readonly ask?: (() => HostPort | undefined) | undefined
  /** Must not throw. */
  readonly send: (announcement: Announcement) => void
}

export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #startedAt: number
  #sequence = 0
  #timer: NodeJS.Timeout | undefined
  #isPresent = false

  constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#startedAt = Math.round(options.clock.wall())
  }

  /** The server is announced: `start` was called, and not `stop` after that. */
  get isPresent(): boolean {
    return this.#isPresent
  }

  /** The announcement of this moment; it is not sent. */
  next(leaving: boolean): Announcement {
    const { identity, periodMs, clock, resources, loss, ask } = this.#options
    return {
      ...identity,
      startedAt: this.#startedAt,
      sequence: ++this.#sequence,
      time: Math.round(clock.wall()),
      leaving,
      ask: ask?.(),
      periodMs,
      loss: loss().here,
      resources: resources(),
    }
  }

  start(): void {
    if (this.#isPresent) return
    this.#isPresent = true
    this.#wait(this.#options.random() * (this.#options.periodMs / this.#options.beatsMax))
  }

  /** Sends goodbyes, then nothing until the next `start`. */
  stop(): void {
    clearTimeout(this.#timer)
    if (!this.#isPresent) return
    this.#isPresent = false
    for (let i = 0; i < goodbyes; i++) this.#options.send(this.next(true))
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#announce(), ms)
    this.#timer.unref()
  }

  #announce(): void {
    const { send, loss, periodMs, random, beatsMax: most } = this.#options
    send(this.next(false))
    const isFirst = this.#sequence < firstPeriods * most
    const times = isFirst ? most : Math.min(most, timesPerPeriod(loss().there))
    this.#wait((periodMs / times) * (1 - jitter * random()))
  }
}

/**
 * Announcements in one period: so many that all of two and a half periods get lost once in ten million times, so that a
 * silence of that length means that a peer is down. With a loss of a half that would be 10, of which
 * `peerLimits.beatsMax` are sent.
 * @param loss share of announcements that do not arrive at some peer, 0..1.
 */
export function timesPerPeriod(loss: number): number {
  if (loss < lossLeast) return 1
  const needed = Math.ceil(Math.log(1e-7) / (2.5 * Math.log(Math.min(loss, 0.999))))
  return Math.min(peerLimits.beatsMax, Math.max(2, needed))
}
