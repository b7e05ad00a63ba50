// This process as a member of a group that another process leads: it reports its figures and readings to the leader and
// has the state of the node from there. Used by shared-membership.ts.

import type { Socket } from 'node:net'
import { agentLimits } from '../../base/limits.ts'
import { withDeadline } from '../../base/wait.ts'
import type { LocalServer } from '../local-server.ts'
import { Channel } from './channel.ts'
import type { GroupChange, GroupState, ToLeader, ToMember } from './messages.ts'

interface FollowerEvents {
  state(state: GroupState): void
  /** The leader has made the change. */
  changed(id: number): void
}

export class Follower {
  readonly #local: LocalServer
  readonly #events: FollowerEvents
  readonly #channel: Channel<ToLeader, ToMember>
  #hasPromised = false
  #isLeaving = false
  #isClosed = false
  #resolveLeft: (mayLeave: boolean) => void = () => {}
  #lastFigures = ''

  constructor(socket: Socket, local: LocalServer, events: FollowerEvents) {
    this.#local = local
    this.#events = events
    this.#channel = new Channel(socket, (message) => this.#receive(message))
    void this.closed.then(() => {
      this.#isClosed = true
      this.#resolveLeft(false)
    })
    this.#channel.send({ kind: 'hello', readings: local.readings() })
  }

  /** Resolves when the leader has left, or died. */
  get closed(): Promise<void> {
    return this.#channel.closed
  }

  sendReadings(): void {
    this.#channel.send({ kind: 'readings', readings: this.#local.readings() })
  }

  sendFigures(): void {
    const message: ToLeader = { kind: 'figures', figures: this.#local.figures }
    const text = JSON.stringify(message)
    if (text === this.#lastFigures) return
    this.#lastFigures = text
    this.#channel.send(message)
  }

  sendChange(id: number, change: GroupChange): void {
    this.#channel.send({ kind: 'change', id, ...change })
  }

  /** Asks to leave. @returns whether the leader stays; false: there is none any more. */
  leave(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    const answer = new Promise<boolean>((resolve) => {
      this.#resolveLeft = resolve
    })
    this.#isLeaving = true
    // After a promise to stay the leader leaves, and does not answer.
    if (!this.#hasPromised) this.#channel.send({ kind: 'leaving' })
    // A leader that hangs is still there.
    return withDeadline(answer, agentLimits.groupReplyMs, () => !this.#hasPromised)
  }

  close(): void {
    this.#channel.close()
  }

  #receive(message: ToMember): void {
    if (message.kind === 'state') this.#events.state(message.state)
    else if (message.kind === 'others') this.#local.others = message.figures
    else if (message.kind === 'changed') this.#events.changed(message.id)
    else if (message.kind === 'left') this.#resolveLeft(true)
    else if (message.kind === 'stay' && !this.#isLeaving) {
      this.#hasPromised = true
      this.#channel.send({ kind: 'stays' })
    }
  }
}
