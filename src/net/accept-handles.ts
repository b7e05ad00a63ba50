// Further handles on the socket that a server listens on, which accept while many connections wait. libuv accepts one
// connection from each listening handle in a turn of the event loop. With a thousand busy clients a turn takes 30 ms,
// so a new client behind many others would wait for seconds; each further handle accepts one more a turn. An open
// handle costs a fruitless accept whenever no connection waits, so they open under pressure only.

import type { Server } from 'node:net'
import { acceptFor, type ListenHandle, listenHandleOf } from '../node-internals/listen-handle.ts'
import { AcceptPressure } from './accept-pressure.ts'

/** Asks for `count` further handles on the socket of `handle`. They arrive later, one by one, or never. */
export type CopyHandle = (
  handle: ListenHandle,
  count: number,
  arrived: (copy: ListenHandle) => void,
) => void

export class AcceptHandles {
  readonly #copy: CopyHandle
  readonly #backlog: number
  readonly #pressure: AcceptPressure = new AcceptPressure()
  /** The server's own. */
  #first: ListenHandle | undefined
  /** They do not listen yet, so they cost nothing. */
  readonly #spare: ListenHandle[] = []
  readonly #open: ListenHandle[] = []
  #isTurning = false
  #isClosed = false

  /**
   * @param server listens already.
   * @param count number of further handles.
   */
  constructor(server: Server, backlog: number, count: number, copy: CopyHandle) {
    this.#copy = copy
    this.#backlog = backlog
    this.#first = listenHandleOf(server)
    this.#fetch(count)
  }

  /** Number of handles that accept now, the server's own included. */
  get accepting(): number {
    return 1 + this.#open.length
  }

  /** The server has accepted a connection. */
  accepted(): void {
    this.#pressure.accepted()
    if (!this.#pressure.isHigh) return
    if (this.#spare.length > 0) this.#openAll()
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(() => {
      this.#isTurning = false
      this.#pressure.turned()
    })
  }

  /** At each tick of the coarse timer. */
  tick(): void {
    this.#pressure.tick()
    if (this.#pressure.isHigh || this.#open.length === 0) return
    // A handle can stop accepting only by being closed.
    const count = this.#open.length
    for (const handle of this.#open.splice(0)) handle.close()
    this.#fetch(count)
  }

  close(): void {
    this.#isClosed = true
    this.#first = undefined
    for (const handle of [...this.#open.splice(0), ...this.#spare.splice(0)]) handle.close()
  }

  #openAll(): void {
    const first = this.#first
    for (const handle of this.#spare.splice(0)) {
      if (acceptFor(first, handle, this.#backlog)) this.#open.push(handle)
      else handle.close()
    }
  }

  #fetch(count: number): void {
    if (this.#first === undefined) return
    this.#copy(this.#first, count, (copy) => {
      if (this.#isClosed) copy.close()
      else this.#spare.push(copy)
    })
  }
}
