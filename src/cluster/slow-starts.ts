// Slow starts of fixed nodes (`slowStart`): from the moment that a node is up its weight grows evenly to the configured one.
// Pure; called at each tick by the process that chooses.

import type { LiveTable } from './live.ts'
import type { Node } from './node.ts'
import type { OwnSettings } from './own-settings.ts'

/** Part of the weight that a node begins with. */
const firstPart = 0.05

export class SlowStarts {
  /** Nodes with a slow start. */
  readonly #nodes: Map<number, OwnSettings> = new Map()
  /** Those whose weight is not the full one. */
  readonly #reduced: Set<number> = new Set()

  follow({ id, own, removal }: Node): void {
    if (own === undefined || own.slowStartMs === 0 || removal !== 'none') this.forget(id)
    else this.#nodes.set(id, own)
  }

  forget(id: number): void {
    this.#nodes.delete(id)
    this.#reduced.delete(id)
  }

  /** @param now monotonic ms. */
  tick(live: LiveTable, now: number): void {
    for (const [id, { weight, slowStartMs }] of this.#nodes) {
      const row = live.of(id)
      const part = Math.max(firstPart, (now - row.upAt) / slowStartMs)
      if (part < 1) this.#reduced.add(id)
      else if (!this.#reduced.delete(id)) continue
      const present = weight * Math.min(1, part)
      row.wish.fix(present)
      row.loadFactor = Math.max(1, Math.round(present))
    }
  }
}
