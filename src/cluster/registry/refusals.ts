// Refused registrations, which may be accepted when they are repeated unchanged (mcmp.md decision 33). Bounded; the oldest
// is dropped first.

import type { NodeSettings } from '../node.ts'

/** How long a node has to repeat its registration until it is accepted, ms. */
const patienceMs = 5_000

export class Refusals {
  readonly #byRoute: Map<string, { readonly config: string; readonly at: number }> = new Map()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Time of the first refusal of this same registration, if that was long enough ago to accept it now. */
  ripe(config: NodeSettings, now: number): { readonly since: number } | undefined {
    const refusal = this.#byRoute.get(config.route)
    if (refusal === undefined || refusal.config !== JSON.stringify(config)) return undefined
    return now - refusal.at >= patienceMs ? { since: refusal.at } : undefined
  }

  /** Records a refusal; a repeated one keeps its first time. */
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
