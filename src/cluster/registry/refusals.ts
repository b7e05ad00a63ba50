// Registrations that were refused and may be accepted when they come again unchanged (mcmp.md decision 33).
// Bounded; the oldest is forgotten first.

import type { NodeSettings } from '../node.ts'

/** How long a node has to keep asking until it is believed. */
const patienceMs = 5_000

export class Refusals {
  readonly #byRoute: Map<string, { readonly config: string; readonly at: number }> = new Map()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** When this same registration was first refused, if that is long enough ago to accept it now. */
  ripe(config: NodeSettings, now: number): { readonly since: number } | undefined {
    const refusal = this.#byRoute.get(config.route)
    if (refusal === undefined || refusal.config !== JSON.stringify(config)) return undefined
    return now - refusal.at >= patienceMs ? { since: refusal.at } : undefined
  }

  /** Keeps the time of the first refusal of the same registration. */
  note(config: NodeSettings, now: number): void {
    const text = JSON.stringify(config)
    if (this.#byRoute.get(config.route)?.config === text) return
    this.#byRoute.delete(config.route)
    this.#byRoute.set(config.route, { config: text, at: now })
    const [oldest] = this.#byRoute.keys()
    if (this.#byRoute.size > this.#max && oldest !== undefined) this.#byRoute.delete(oldest)
  }

  forget(route: string): void {
    this.#byRoute.delete(route)
  }
}
