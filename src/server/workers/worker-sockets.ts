// The listening sockets of a worker. The primary keeps a handle of each and passes it on to the workers that start later.
// A handle that arrives over the channel is another handle on the same socket each time.

import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import { sendable } from '../../node-internals/listen-handle.ts'
import type { SharedSockets } from '../../proxy/index.ts'
import type { FromWorker } from './messages.ts'

export class WorkerSockets implements SharedSockets {
  readonly #kept: Map<string, ListenHandle> = new Map()
  readonly #keys: Map<ListenHandle, string> = new Map()
  /** Requested copies that have not arrived, by the number of the request. */
  readonly #requests: Map<number, (copy: ListenHandle) => void> = new Map()
  #lastRequest = 0

  /** Handles the primary's message with a socket that is open already. */
  receive(key: string, handle: ListenHandle | undefined): void {
    if (handle !== undefined) this.#kept.set(key, handle)
  }

  kept(key: string): ListenHandle | undefined {
    return this.#kept.get(key)
  }

  listening(key: string, handle: ListenHandle): void {
    this.#keys.set(handle, key)
    // A later reload may open the address anew.
    if (this.#kept.delete(key)) return
    const message: FromWorker = { kind: 'socket', key }
    process.send?.(message, sendable(handle), undefined, () => {})
  }

  readonly copy = (
    handle: ListenHandle,
    count: number,
    arrived: (copy: ListenHandle) => void,
  ): void => {
    const key = this.#keys.get(handle)
    if (key === undefined) return
    this.#lastRequest += 1
    const number = this.#lastRequest
    let missing = count
    this.#requests.set(number, (copy) => {
      missing -= 1
      if (missing === 0) this.#requests.delete(number)
      arrived(copy)
    })
    const message: FromWorker = { kind: 'copy', number, key, count }
    process.send?.(message, undefined, undefined, () => {})
  }

  /** Handles one copy of a request. */
  receiveCopy(number: number, copy: ListenHandle | undefined): void {
    if (copy !== undefined) this.#requests.get(number)?.(copy)
  }
}
