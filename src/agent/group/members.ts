// The processes that share the port of this one and joined after it, as this one sees them when it leads. Used by
// leader.ts.

import type { Socket } from 'node:net'
import { agentLimits } from '../../base/limits.ts'
import { withDeadline } from '../../base/wait.ts'
import type { Reading } from '../load-factor.ts'
import { noFigures, type ServerFigures } from '../server-figures.ts'
import { Channel } from './channel.ts'
import type { ToLeader, ToMember } from './messages.ts'

export class Member {
  readings: readonly Reading[] = []
  figures: ServerFigures = noFigures
  /** It has said hello, and does not leave. */
  isPresent = false
  readonly #channel: Channel<ToMember, ToLeader>
  #answered: (stays: boolean) => void = () => {}
  #lastFigures = ''

  constructor(socket: Socket, received: (member: Member, message: ToLeader) => void) {
    this.#channel = new Channel(socket, (message) => {
      this.#read(message)
      received(this, message)
    })
    void this.closed.then(() => this.#leaves())
  }

  get closed(): Promise<void> {
    return this.#channel.closed
  }

  send(message: ToMember): void {
    this.#channel.send(message)
  }

  /** Sends the figures of all others when they have changed. */
  sendFigures(figures: ServerFigures): void {
    const text = JSON.stringify(figures)
    if (text === this.#lastFigures) return
    this.#lastFigures = text
    this.send({ kind: 'others', figures })
  }

  /** Whether it promises to stay, so that this process may leave. */
  stays(): Promise<boolean> {
    if (!this.isPresent) return Promise.resolve(false)
    const answer = new Promise<boolean>((resolve) => {
      this.#answered = resolve
    })
    this.send({ kind: 'stay' })
    return withDeadline(answer, agentLimits.groupReplyMs, () => false)
  }

  close(): void {
    this.#channel.close()
  }

  #read(message: ToLeader): void {
    if (message.kind === 'hello') this.isPresent = true
    if (message.kind === 'hello' || message.kind === 'readings') this.readings = message.readings
    else if (message.kind === 'figures') this.figures = message.figures
    else if (message.kind === 'stays') this.#answered(true)
    else if (message.kind === 'leaving') this.#leaves()
  }

  #leaves(): void {
    this.isPresent = false
    this.#answered(false)
  }
}

export class Members {
  /** Called with each message, after the member has read it. */
  received: (member: Member, message: ToLeader) => void = () => {}
  readonly #all: Set<Member> = new Set()

  accept(socket: Socket): void {
    const member = new Member(socket, (...message) => this.received(...message))
    this.#all.add(member)
    void member.closed.then(() => this.#all.delete(member))
  }

  /** In the order in which they connected. */
  get present(): Member[] {
    return [...this.#all].filter(({ isPresent }) => isPresent)
  }

  close(): void {
    for (const member of this.#all) member.close()
  }
}
