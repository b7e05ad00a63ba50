// Follows one source of nodes: begins anew after a failure, and puts each list that differs from the one before in force. A
// failure leaves the last list in force.

import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../base/clock.ts'
import { fixedLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { OutageLog } from '../../base/outage-log.ts'
import { throttled } from '../../base/throttled-log.ts'
import { pause, withDeadline } from '../../base/wait.ts'
import type { SourceReport } from '../../control/source-report.ts'
import type { Found, FoundNode, NodeSource } from './node-source.ts'

export interface FollowedOptions {
  /** For the log, as `dns app.internal:8080`. */
  readonly name: string
  readonly source: NodeSource
  /** From a failure until the source is followed anew, ms. */
  readonly retryMs: number
  readonly clock: Clock
  readonly log: Logger
  /** @returns why the list cannot be used, if so; the list before stays. */
  readonly onList: (nodes: readonly FoundNode[]) => string | undefined
}

interface Failing {
  readonly reason: string
  /** Monotonic ms. */
  readonly since: number
  isLong: boolean
}

export class FollowedSource {
  /** `undefined` until the source has listed some. */
  nodes: readonly FoundNode[] | undefined
  /** Resolves after the first list or failure, within `fixedLimits.sourceMs`. */
  readonly first: Promise<void>
  readonly #options: FollowedOptions
  readonly #outages: OutageLog
  /** Limited: a source may name other entries in each list. */
  readonly #problemLog: Logger
  readonly #ending: AbortController = new AbortController()
  #isFirstOver: () => void = () => {}
  /** Waits for further changes. */
  #next: (() => Found) | undefined
  #timer: NodeJS.Timeout | undefined
  #failing: Failing | undefined
  #failures = 0
  #problems: readonly string[] = []

  constructor(options: FollowedOptions) {
    this.#options = options
    const { log, clock } = options
    this.#outages = new OutageLog(log)
    this.#problemLog = throttled(log, clock, fixedLimits.sourceProblemsMax)
    const first = new Promise<void>((resolve) => {
      this.#isFirstOver = resolve
    })
    this.first = withDeadline(first, fixedLimits.sourceMs, () => undefined)
    void this.#follow()
  }

  close(): void {
    this.#ending.abort()
    clearTimeout(this.#timer)
    this.#isFirstOver()
  }

  report(): SourceReport {
    const { name, clock } = this.#options
    return {
      name,
      nodes: this.nodes?.length ?? null,
      reason: this.#failing?.reason ?? null,
      failingMs: this.#failing === undefined ? null : clock.now() - this.#failing.since,
      failures: this.#failures,
      problems: this.#problems,
    }
  }

  async #follow(): Promise<void> {
    const { source, retryMs } = this.#options
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await source.follow((read) => this.#listed(read), signal)
      } catch (error) {
        if (!signal.aborted) this.#fail(error as NodeJS.ErrnoException)
      }
      await pause(retryMs, signal)
    }
  }

  /** The first list is put in force at once, later ones together with those that follow shortly. */
  #listed(read: () => Found): void {
    if (this.#ending.signal.aborted) return
    if (this.nodes === undefined) return this.#use(read)
    this.#next = read
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#next !== undefined) this.#use(this.#next)
    }, fixedLimits.sourceRestMs)
  }

  #use(read: () => Found): void {
    const { name } = this.#options
    let found: Found
    try {
      found = read()
    } catch (error) {
      return this.#fail(error as Error)
    }
    this.#noteProblems(found.problems)
    const refusal = this.#refusalOf(found)
    if (refusal !== undefined) return this.#fail(new Error(refusal))
    this.#failing = undefined
    this.#outages.resolve(name, { source: name }, 'source of nodes can be used again')
    this.#isFirstOver()
  }

  /** A list of which nothing can be used says nothing about the nodes: it is no empty list. */
  #refusalOf({ nodes, problems }: Found): string | undefined {
    if (nodes.length === 0 && problems.length > 0)
      return `lists no node that can be used: ${problems[0]}`
    if (nodes.length > fixedLimits.sourceNodesMax)
      return `lists ${nodes.length} nodes, more than ${fixedLimits.sourceNodesMax}`
    if (nodes === this.nodes || isDeepStrictEqual(nodes, this.nodes)) return undefined
    const before = this.nodes
    this.nodes = nodes
    const refusal = this.#options.onList(nodes)
    if (refusal !== undefined) this.nodes = before
    return refusal
  }

  #noteProblems(problems: readonly string[]): void {
    const { name } = this.#options
    const shown = problems.slice(0, fixedLimits.sourceProblemsMax)
    for (const problem of shown)
      if (!this.#problems.includes(problem))
        this.#problemLog.warn({ source: name, problem }, 'source lists a node that cannot be used')
    this.#problems = shown
  }

  #fail({ code, message }: NodeJS.ErrnoException): void {
    const { name, clock, log } = this.#options
    const now = clock.now()
    const since = this.#failing?.since ?? now
    const isLong = now - since >= fixedLimits.sourceKeepMs
    const detail = { source: name, reason: message, nodes: this.nodes?.length ?? 0 }
    const kept =
      this.nodes === undefined ? 'it has listed none so far' : 'its last list stays in force'
    this.#failures++
    this.#outages.report(name, code ?? message, detail, `source of nodes cannot be used; ${kept}`)
    if (isLong && this.#failing?.isLong === false)
      log.warn({ ...detail, failingMs: now - since }, `source of nodes fails for long; ${kept}`)
    this.#failing = { reason: message, since, isLong }
    this.#isFirstOver()
  }
}
