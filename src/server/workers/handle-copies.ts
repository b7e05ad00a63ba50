// Further handles on the sockets that a worker listens on. A handle that is sent to the primary and back over their
// channel is another handle each time.

import type { Worker } from 'node:cluster'
import { type ListenHandle, sendable } from '../../node-internals/listen-handle.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** The worker's side. */
export class HandleCopies {
  readonly #requests: Map<number, (copy: ListenHandle) => void> = new Map()
  #lastNumber = 0

  /** Requests `count` copies; `accept` is called with each. */
  request(handle: ListenHandle, count: number, accept: (copy: ListenHandle) => void): void {
    const number = ++this.#lastNumber
    let missing = count
    this.#requests.set(number, (copy) => {
      missing -= 1
      if (missing === 0) this.#requests.delete(number)
      accept(copy)
    })
    const message: FromWorker = { kind: 'copy', number, count }
    process.send?.(message, sendable(handle), undefined, () => {})
  }

  /** Handles the primary's answer to a request. */
  receive(number: number, copy: ListenHandle | undefined): void {
    if (copy !== undefined) this.#requests.get(number)?.(copy)
  }
}

/** The primary's side: sends the copies, then closes its own handle. */
export function sendBack(
  worker: Worker,
  { number, count }: Extract<FromWorker, { kind: 'copy' }>,
  handle: ListenHandle | undefined,
): void {
  if (handle === undefined) return
  const message: ToWorker = { kind: 'copied', number }
  let sending = count
  const sent = (): void => {
    sending -= 1
    if (sending === 0) handle.close()
  }
  for (let i = 0; i < count; i++) {
    if (worker.isConnected()) worker.send(message, sendable(handle), sent)
    else sent()
  }
}
