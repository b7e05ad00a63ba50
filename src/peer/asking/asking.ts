// Asks peers how much room they have, and answers when they ask. A question is one datagram to one peer, with an id of its
// own; an answer counts for the question that is open under its id, once.

import { randomBytes } from 'node:crypto'
import type { RemoteInfo } from 'node:dgram'
import type { Clock, Random } from '../../base/clock.ts'
import type { HostPort } from '../../base/host-port.ts'
import { askLimits } from '../../base/limits.ts'
import { SecondLimit } from '../../base/second-limit.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { KeyRing } from '../../wire/announcement-key.ts'
import {
  type AskDatagram,
  type AskFault,
  type RoomReport,
  readAsk,
  writeAnswer,
  writeQuestion,
} from '../../wire/ask.ts'
import { type Asked, AskedRequest } from './asked-request.ts'
import { drawOthers } from './draw.ts'
import { hearings } from './hearing.ts'

interface AskingOptions {
  readonly keys: KeyRing
  readonly clock: Clock
  readonly random: Random
  /** Largest difference to the clock of a peer, ms. */
  readonly skewMs: number
  /** Whether datagrams from this address are accepted. */
  readonly accepts: (address: string) => boolean
  /** How much room this server has; `undefined`: it has left, and does not answer. */
  readonly report: () => RoomReport | undefined
  readonly send: (bytes: Uint8Array, to: HostPort) => void
  /** Counts a datagram that is refused. */
  readonly refuse: (reason: AskFault | 'clock' | 'source') => void
}

interface AskCounts {
  /** Requests for which peers were asked. */
  requests: number
  /** The same beyond the limit of one second, which were decided without. */
  limited: number
  questions: number
  /** Answers in time, and such that came too late or to no question. */
  answers: number
  late: number
  /** Answers to the questions of peers. */
  given: number
}

/** Ends the wait for answers. */
type Cancel = () => void

interface OpenQuestion {
  readonly asked: Asked
  answered(): void
}

export class Asking {
  readonly counts: AskCounts = {
    requests: 0,
    limited: 0,
    questions: 0,
    answers: 0,
    late: 0,
    given: 0,
  }
  /** The last request for which peers were asked, to be shown. */
  last: AskedRequest | undefined
  readonly #options: AskingOptions
  readonly #open: Map<string, OpenQuestion> = new Map()
  readonly #requests: SecondLimit = new SecondLimit(askLimits.perSecondMax)
  readonly #answers: SecondLimit = new SecondLimit(askLimits.answersPerSecondMax)

  constructor(options: AskingOptions) {
    this.#options = options
  }

  /**
   * Asks some of the candidates.
   * @param self this server, one of the candidates. @param usualMs usual service time, ms; 0 if unknown.
   * @param decided called once with the winner, later than this call returns, unless the wait is cancelled.
   * @returns `undefined`: none can be asked now.
   */
  begin(
    self: Candidate,
    candidates: readonly Candidate[],
    usualMs: number,
    decided: (winner: Candidate) => void,
  ): Cancel | undefined {
    const { clock, random } = this.#options
    if (!this.#requests.admits(clock.now())) {
      this.counts.limited++
      return undefined
    }
    const drawn = drawOthers(candidates, self, askLimits.peersMax, random)
    const asked = drawn.map((candidate): Asked => {
      const canAnswer = placeOf(candidate) !== undefined && hearings.of(candidate.live).isExpected
      return { candidate, canAnswer, report: undefined }
    })
    const request = new AskedRequest(self, asked, usualMs, clock)
    const isAsking = !request.isAnswered
    if (isAsking) {
      this.counts.requests++
      this.last = request
    }
    const cancel = this.#ask(request, isAsking ? decided : undefined)
    return isAsking ? cancel : undefined
  }

  /** Accepts any bytes and never throws. */
  receive(bytes: Buffer, from: RemoteInfo): void {
    const { accepts, keys, refuse, clock, skewMs } = this.#options
    const read = accepts(from.address) ? readAsk(bytes, keys) : 'source'
    if (typeof read === 'string') return refuse(read)
    if (Math.abs(read.time - clock.wall()) > skewMs) return refuse('clock')
    if (read.kind === 'question') this.#answer(read, from)
    else this.#answered(read)
  }

  /** @param decided `undefined`: no request waits; answers only show that the peers can be asked. */
  #ask(request: AskedRequest, decided: ((winner: Candidate) => void) | undefined): Cancel {
    let isOver = decided === undefined
    const decide = (): void => {
      if (isOver) return
      isOver = true
      decided?.(request.choose())
    }
    const answered = (): void => {
      if (request.isAnswered) decide()
    }
    const ids: string[] = []
    for (const asked of request.asked) {
      const place = placeOf(asked.candidate)
      if (place === undefined) continue
      const id = this.#send(place)
      ids.push(id)
      this.#open.set(id, { asked, answered })
    }
    const end = (): void => {
      decide()
      for (const id of ids) this.#close(id)
    }
    // Answers that arrived while this process was busy are read before the deadline counts.
    setTimeout(() => setImmediate(end), askLimits.waitMs)
    return () => {
      isOver = true
    }
  }

  #close(id: string): void {
    const question = this.#open.get(id)
    if (question === undefined) return
    this.#open.delete(id)
    hearings.of(question.asked.candidate.live).unanswered()
  }

  #send(to: HostPort): string {
    const { clock, keys, send } = this.#options
    const id = randomBytes(8).toString('hex')
    this.counts.questions++
    send(writeQuestion({ id, time: Math.round(clock.wall()) }, keys), to)
    return id
  }

  #answered({ id, room }: AskDatagram & { kind: 'answer' }): void {
    const question = this.#open.get(id)
    if (question === undefined) {
      this.counts.late++
      return
    }
    this.#open.delete(id)
    this.counts.answers++
    const { asked } = question
    hearings.of(asked.candidate.live).answered()
    asked.report = room
    question.answered()
  }

  #answer({ id }: AskDatagram, { address, port }: RemoteInfo): void {
    const { report, clock, keys, send } = this.#options
    const room = report()
    if (room === undefined || !this.#answers.admits(clock.now())) return
    this.counts.given++
    const time = Math.round(clock.wall())
    send(writeAnswer({ id, time }, room, keys), { host: address, port })
  }
}

const placeOf = ({ peer }: Candidate): HostPort | undefined => peer?.announcement.ask
