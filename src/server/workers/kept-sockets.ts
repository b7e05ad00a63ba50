// The primary's handles on the listening sockets, which a worker or another process has opened. It never accepts from them; while it has them, clients wait instead of
// being refused when no worker is left.

import type { ListenHandle } from '../../node-internals/listen-handle.ts'

export class KeptSockets {
  /** Number of addresses. */
  readonly #count: number
  readonly #handles: Map<number, ListenHandle> = new Map()

  /** @param inherited the sockets that are open already, by the position of their address. */
  constructor(count: number, inherited: readonly (ListenHandle | undefined)[]) {
    this.#count = count
    for (const [index, handle] of inherited.entries()) this.keep(index, handle)
  }

  get areComplete(): boolean {
    return this.#handles.size === this.#count
  }

  /** By the position of the address. */
  get all(): Iterable<readonly [index: number, handle: ListenHandle]> {
    return this.#handles
  }

  at(index: number): ListenHandle | undefined {
    return this.#handles.get(index)
  }

  keep(index: number, handle: ListenHandle | undefined): void {
    if (handle === undefined) return
    this.#handles.get(index)?.close()
    this.#handles.set(index, handle)
  }

  /** From now on clients are refused unless a worker listens. */
  close(): void {
    for (const handle of this.#handles.values()) handle.close()
    this.#handles.clear()
  }
}
