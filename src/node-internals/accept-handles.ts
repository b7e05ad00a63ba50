// Further handles on the socket that a server listens on, which accept for it while many connections wait.
// libuv takes one connection from a listening socket in each turn of the event loop. With a thousand busy
// clients a turn takes 30 ms, so a newcomer among many would wait for seconds; each further handle takes one
// more a turn. An open one costs a fruitless accept whenever nobody waits, so they open under pressure only.
//
// Node.js documents no way to another handle on a socket; what is sent to another process and back is one. This
// file has that undocumented step: the server's own `_handle`, whose `onconnection` serves for all of them.

import type net from 'node:net'
import { AcceptPressure } from '../net/accept-pressure.ts'

/** A listening socket as Node.js holds it. */
export interface ListenHandle {
  onconnection?: (status: number, client: unknown) => void
  /** Begins to accept. @returns 0, or an error of the system. */
  listen(backlog: number): number
  close(): void
}

/** Asks for `count` further handles on the socket of `handle`; they come in time, one by one, or never. */
export type CopyHandle = (
  handle: ListenHandle,
  count: number,
  take: (copy: ListenHandle) => void,
) => void

export class AcceptHandles {
  readonly #copy: CopyHandle
  readonly #backlog: number
  readonly #pressure: AcceptPressure = new AcceptPressure()
  /** The server's own. */
  #first: ListenHandle | undefined
  /** Not listening, so that they cost nothing. */
  readonly #spare: ListenHandle[] = []
  readonly #open: ListenHandle[] = []
  #isTurning = false
  #isClosed = false

  /**
   * @param server listens already.
   * @param count handles beside its own.
   */
  constructor(server: net.Server, backlog: number, count: number, copy: CopyHandle) {
    this.#copy = copy
    this.#backlog = backlog
    this.#first = handleOf(server)
    this.#fetch(count)
  }

  /** How many handles accept now, the server's own included. */
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
    // An open handle cannot stop accepting but by its end.
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
      handle.onconnection = (status, client) => first?.onconnection?.(status, client)
      if (handle.listen(this.#backlog) === 0) this.#open.push(handle)
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

/** `undefined` where this Node.js keeps it elsewhere: then the server accepts alone. */
function handleOf(server: net.Server): ListenHandle | undefined {
  const { _handle: handle } = server as unknown as { readonly _handle?: ListenHandle | null }
  return typeof handle?.onconnection === 'function' && typeof handle.listen === 'function'
    ? handle
    : undefined
}
