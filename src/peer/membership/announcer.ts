// Says what this server is and has, once a period and more often where that gets lost; says goodbye when it
// leaves. Owns the timer and the sequence; where the words go is given.

import type { Clock, Random } from '../../base/clock.ts'
import { peerLimits } from '../../base/limits.ts'
import type { Announcement, Resources } from '../../wire/announcement.ts'
import { beatsPerPeriod } from './beats.ts'

/** Periods at the start in which everything is said as often as possible: nobody knows yet what gets lost. */
const firstPeriods = 3
/** The goodbye may get lost, too. */
const goodbyes = 3
/** Part of the time between two announcements that chance takes away, so that peers do not speak in step. */
const jitter = 0.1

export interface AnnouncerOptions {
  readonly identity: Pick<Announcement, 'name' | 'scheme' | 'host' | 'port' | 'contexts'>
  readonly periodMs: number
  readonly clock: Clock
  readonly random: Random
  readonly resources: () => Resources
  /** What arrives here of the others' announcements, and what the others say of it: shares that are lost. */
  readonly loss: () => { readonly here: number; readonly told: number }
  /** Must not throw. */
  readonly say: (announcement: Announcement) => void
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

  /** What would be said now; nothing is sent. */
  next(leaving: boolean): Announcement {
    const { identity, periodMs, clock, resources, loss } = this.#options
    return {
      ...identity,
      startedAt: this.#startedAt,
      sequence: ++this.#sequence,
      time: Math.round(clock.wall()),
      leaving,
      periodMs,
      loss: loss().here,
      resources: resources(),
    }
  }

  /** Announces this server from now on. */
  start(): void {
    if (this.#isPresent) return
    this.#isPresent = true
    this.#wait(this.#options.random() * (this.#options.periodMs / peerLimits.beatsMax))
  }

  /** Says goodbye and is silent from now on; `start` begins again. */
  stop(): void {
    clearTimeout(this.#timer)
    if (!this.#isPresent) return
    this.#isPresent = false
    for (let i = 0; i < goodbyes; i++) this.#options.say(this.next(true))
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#beat(), ms)
    this.#timer.unref()
  }

  #beat(): void {
    const { say, loss, periodMs, random } = this.#options
    say(this.next(false))
    const most = peerLimits.beatsMax
    const beats = this.#sequence < firstPeriods * most ? most : beatsPerPeriod(loss().told)
    this.#wait((periodMs / beats) * (1 - jitter * random()))
  }
}
