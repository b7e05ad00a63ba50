// Follows one source of nodes: reads it again and again, one reading at a time, and reports each list that differs from the
// one before. A failure leaves the last list in force.

import { isDeepStrictEqual } from 'node:util'
import { fixedLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { OutageLog } from '../../base/outage-log.ts'
import { pause, withDeadline } from '../../base/wait.ts'
import type { FoundNode, NodeSource } from './node-source.ts'

export interface FollowedOptions {
  /** For the log, as `dns app.internal:8080`. */
  readonly name: string
  readonly source: NodeSource
  readonly everyMs: number
  readonly log: Logger
  /** @returns why the list cannot be used, if so; the list before stays. */
  readonly onList: (nodes: readonly FoundNode[]) => string | undefined
}

export class FollowedSource {
  /** `undefined` until the source has been read once. */
  nodes: readonly FoundNode[] | undefined
  /** Resolves after the first reading, or its failure. */
  readonly first: Promise<void>
  readonly #options: FollowedOptions
  readonly #outages: OutageLog
  #isReading = false
  readonly #ending: AbortController = new AbortController()

  constructor(options: FollowedOptions) {
    this.#options = options
    this.#outages = new OutageLog(options.log)
    this.first = this.#read()
    void this.first.then(() => this.#follow())
  }

  close(): void {
    this.#ending.abort()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      await pause(this.#options.everyMs, signal)
      if (!signal.aborted) await this.#read()
    }
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const { name, source } = this.#options
    try {
      const nodes = await this.#listWithin(source)
      if (this.#ending.signal.aborted) return
      const refusal = this.#use(nodes)
      if (refusal !== undefined) throw new Error(refusal)
      this.#outages.resolve(name, { source: name }, 'source of nodes can be used again')
    } catch (error) {
      if (this.#ending.signal.aborted) return
      const { code, message } = error as NodeJS.ErrnoException
      const detail = { source: name, reason: message, nodes: this.nodes?.length ?? 0 }
      this.#outages.report(
        name,
        code ?? message,
        detail,
        this.nodes === undefined
          ? 'source of nodes cannot be used; it has listed none so far'
          : 'source of nodes cannot be used; its last list stays in force',
      )
    }
  }

  #use(nodes: readonly FoundNode[]): string | undefined {
    if (nodes.length > fixedLimits.sourceNodesMax)
      return `lists ${nodes.length} nodes, more than ${fixedLimits.sourceNodesMax}`
    if (nodes === this.nodes || isDeepStrictEqual(nodes, this.nodes)) return undefined
    const before = this.nodes
    this.nodes = nodes
    const refusal = this.#options.onList(nodes)
    if (refusal !== undefined) this.nodes = before
    return refusal
  }

  /** Rejects at the deadline. A look-up of the system cannot be stopped: no other one begins before its end. */
  async #listWithin(source: NodeSource): Promise<readonly FoundNode[]> {
    const late = new Error(`no answer within ${fixedLimits.sourceMs} ms`)
    if (this.#isReading) throw late
    this.#isReading = true
    const signal = AbortSignal.any([AbortSignal.timeout(fixedLimits.sourceMs), this.#ending.signal])
    const listed = source.list(signal).finally(() => {
      this.#isReading = false
    })
    const nodes = await withDeadline(listed, fixedLimits.sourceMs, () => undefined)
    if (nodes === undefined) throw late
    return nodes
  }
}
