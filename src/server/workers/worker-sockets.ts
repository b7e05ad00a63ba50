// The listening sockets of a worker. The primary keeps a handle of each and passes it on to the workers that start later.
// A handle that arrives over the channel is another handle on the same socket each time.

import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import { sendable } from '../../node-internals/listen-handle.ts'
import type { SharedSockets } from '../../proxy/index.ts'
import type { FromWorker } from './messages.ts'

export class WorkerSockets implements SharedSockets {
  readonly #kept: Map<number, ListenHandle> = new Map()
  readonly #indexes: Map<ListenHandle, number> = new Map()
  /** Requested copies that have not arrived, by the number of the request. */
  readonly #requests: Map<number, (copy: ListenHandle) => void> = new Map()
  #lastRequest = 0

  /** Handles the primary's message with a socket that is open already. */
  receive(index: number, handle: ListenHandle | undefined): void {
    if (handle !== undefined) this.#kept.set(index, handle)
  }

  kept(index: number): ListenHandle | undefined {
    return this.#kept.get(index)
  }

  listening(index: number, handle: ListenHandle): void {
    this.#indexes.set(handle, index)
    if (this.#kept.has(index)) return
    const message: FromWorker = { kind: 'socket', index }
    process.send?.(message, sendable(handle), undefined, () => {})
  }

  readonly copy = (
    handle: ListenHandle,
    count: number,
    arrived: (copy: ListenHandle) => void,
  ): void => {
    const index = this.#indexes.get(handle)
    if (index === undefined) return
    this.#lastRequest += 1
    const number = this.#lastRequest
    let missing = count
    this.#requests.set(number, (copy) => {
      missing -= 1
      if (missing === 0) this.#requests.delete(number)
      arrived(copy)
    })
    const message: FromWorker = { kind: 'copy', number, index, count }
    process.send?.(message, undefined, undefined, () => {})
  }

  /** Handles one copy of a request. */
  receiveCopy(number: number, copy: ListenHandle | undefined): void {
    if (copy !== undefined) this.#requests.get(number)?.(copy)
  }
}
