// How a worker gets further handles on the sockets that it listens on: what goes to the primary and comes
// back over the line between them is another handle each time.

import type { Worker } from 'node:cluster'
import { type ListenHandle, sendable } from '../../node-internals/listen-handle.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** The worker's side. */
export class HandleCopies {
  readonly #waiting: Map<number, (copy: ListenHandle) => void> = new Map()
  #asked = 0

  ask(handle: ListenHandle, count: number, take: (copy: ListenHandle) => void): void {
    const number = ++this.#asked
    let missing = count
    this.#waiting.set(number, (copy) => {
      missing -= 1
      if (missing === 0) this.#waiting.delete(number)
      take(copy)
    })
    const message: FromWorker = { kind: 'copy', number, count }
    process.send?.(message, sendable(handle), undefined, () => {})
  }

  /** One has come. */
  take(number: number, copy: ListenHandle | undefined): void {
    if (copy !== undefined) this.#waiting.get(number)?.(copy)
  }
}

/** The primary's side. Its own handle has done its work with that. */
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
