// The primary's handles on the listening sockets, by the names of their addresses. It never accepts from them; while it has
// them, clients wait instead of being refused when no worker is left.

import type { ListenHandle } from '../../node-internals/listen-handle.ts'

export class KeptSockets {
  readonly #handles: Map<string, ListenHandle> = new Map()

  /** Those that are not open yet. */
  missing(keys: readonly string[]): readonly string[] {
    return keys.filter((key) => !this.#handles.has(key))
  }

  get all(): Iterable<readonly [key: string, handle: ListenHandle]> {
    return this.#handles
  }

  at(key: string): ListenHandle | undefined {
    return this.#handles.get(key)
  }

  keep(key: string, handle: ListenHandle | undefined): void {
    if (handle === undefined) return
    this.#handles.get(key)?.close()
    this.#handles.set(key, handle)
  }

  /** Closes all others: clients are refused there unless a worker listens. */
  retain(keys: readonly string[]): void {
    for (const [key, handle] of this.#handles) {
      if (keys.includes(key)) continue
      handle.close()
      this.#handles.delete(key)
    }
  }
}
