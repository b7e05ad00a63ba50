// GET /metrics, and what the control listener itself counts for it. What writes the text (prometheus.ts) is loaded
// when somebody asks: it takes 10 MB, and not everybody does.

import type { ControlSettings } from './options.ts'
import type { PrometheusText } from './prometheus.ts'

/** Why the control listener refuses: address, secret, the page that sent it, its `Host`, or too much from one source. */
export type RefusalReason = 'address' | 'secret' | 'origin' | 'host' | 'source'

/** Since the start. */
export interface ControlCounts {
  /** MCMP messages, by method and result: OK, or the Type of the error. */
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Connections and requests that were refused. */
  readonly refusals: ReadonlyMap<RefusalReason, number>
}

export class Metrics {
  readonly #settings: ControlSettings
  readonly #messages: Map<string, Map<string, number>> = new Map()
  readonly #refusals: Map<RefusalReason, number> = new Map()
  #text: PrometheusText | undefined

  constructor(settings: ControlSettings) {
    this.#settings = settings
  }

  /** @param method one that we know. */
  countMessage(method: string, result: string): void {
    const results = this.#messages.get(method) ?? new Map<string, number>()
    results.set(result, (results.get(result) ?? 0) + 1)
    this.#messages.set(method, results)
  }

  countRefused(reason: RefusalReason): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1)
  }

  async read(): Promise<{ readonly contentType: string; readonly body: string }> {
    const { PrometheusText } = await import('./prometheus.ts')
    this.#text ??= new PrometheusText(this.#settings, {
      messages: this.#messages,
      refusals: this.#refusals,
    })
    return { contentType: this.#text.contentType, body: await this.#text.body() }
  }
}
