// The reports of nodes, which a proxy tells all others, and hears from them: load factors, and that the nodes are alive.
// Used by shared-service.ts.

import type { Clock } from '../../base/clock.ts'
import { sharedLimits } from '../../base/limits.ts'
import type { LiveTable } from '../../cluster/live.ts'
import type { Registry } from '../../cluster/registry.ts'
import { type Heard, readLoads, writeLoads } from '../../cluster/shared/load-text.ts'
import type { SharedStore } from '../../cluster/shared/store.ts'
import { type Change, findNode } from '../../cluster/snapshot.ts'
import type { StatusMessage } from '../../wire/mcmp/message.ts'

interface LoadsOptions {
  readonly store: SharedStore
  readonly registry: Registry
  readonly live: LiveTable
  readonly clock: Clock
  readonly proxy: string
  /** A node whose last report is older is not told any more, ms. */
  readonly statusTimeoutMs: () => number
  /** Puts load factors in force. */
  readonly publish: (changes: readonly Change[]) => void
  /** A node reports again. */
  readonly notify: (id: number) => void
}

interface Report {
  readonly at: number
  readonly factor: number | undefined
  readonly isDefault: boolean
}

export class Loads {
  readonly #options: LoadsOptions
  /** What nodes have reported here. */
  readonly #own: Map<string, Report> = new Map()
  readonly #untold: Set<string> = new Set()
  /** The proxy that has told a node's last report. */
  readonly #heardBy: Map<string, string> = new Map()
  #number = 1
  #allAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: LoadsOptions) {
    this.#options = options
    const { store } = options
    store.onMessage('load', async (text) => void this.#receive(text))
    store.onMessage('loads', async () => this.#all().join('\n\n'))
  }

  start(): void {
    this.#timer = setInterval(() => this.#tell(), sharedLimits.loadsMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** A node has reported to this proxy. */
  heard({ route, load, isDefaultLoad }: StatusMessage): void {
    const before = this.#own.get(route)
    const at = this.#options.clock.now()
    const isDefault = load === undefined ? before?.isDefault === true : isDefaultLoad === true
    this.#own.set(route, { at, factor: load ?? before?.factor, isDefault })
    if (load !== undefined) this.#untold.add(route)
    this.#heardBy.delete(route)
  }

  /** Asks the others for all that they have heard. @param proxies how many they are. */
  async ask(proxies: number): Promise<void> {
    const { store } = this.#options
    for (const answer of await store.ask('loads', '', proxies, sharedLimits.askLoadsMs))
      for (const text of answer.split('\n\n')) this.#receive(text)
  }

  /** A proxy is gone: the nodes that it heard are as if they had just reported, once more. */
  gone(proxy: string): void {
    const { registry, live, clock } = this.#options
    for (const [route, by] of this.#heardBy) {
      if (by !== proxy) continue
      this.#heardBy.delete(route)
      const node = findNode(registry.snapshot, route)
      if (node?.removal !== 'none') continue
      const row = live.of(node.id)
      if (row.statusAt !== undefined) row.statusAt = clock.now()
      row.unconfirmed = true
    }
  }

  #tell(): void {
    const { clock, proxy, store } = this.#options
    const now = clock.now()
    const isAll = now - this.#allAt >= sharedLimits.allLoadsMs
    if (!isAll && this.#untold.size === 0) return
    const texts = isAll
      ? this.#all()
      : writeLoads(proxy, this.#number, this.#told(this.#untold, now), sharedLimits.loadBytesMax)
    if (isAll) this.#allAt = now
    this.#number += texts.length
    this.#untold.clear()
    for (const text of texts) store.publish('load', text)
  }

  #all(): readonly string[] {
    const { clock, proxy, registry, statusTimeoutMs } = this.#options
    const now = clock.now()
    const timeout = statusTimeoutMs()
    for (const [route, { at }] of this.#own) {
      const isLate = timeout > 0 && now - at > timeout
      if (isLate || findNode(registry.snapshot, route) === undefined) this.#own.delete(route)
    }
    return writeLoads(
      proxy,
      this.#number,
      this.#told(this.#own.keys(), now),
      sharedLimits.loadBytesMax,
    )
  }

  *#told(routes: Iterable<string>, now: number): Iterable<Heard> {
    for (const route of routes) {
      const report = this.#own.get(route)
      if (report === undefined) continue
      const { at, factor, isDefault } = report
      yield { route, factor, isDefault, ageMs: now - at, isNew: this.#untold.has(route) }
    }
  }

  #receive(text: string): void {
    const message = readLoads(text)
    if (message === undefined) return
    const { registry, live, clock, publish, notify } = this.#options
    const now = clock.now()
    const changes: Change[] = []
    for (const { route, factor, isDefault, ageMs, isNew } of message.heard) {
      const node = findNode(registry.snapshot, route)
      if (node === undefined || node.removal !== 'none' || node.fixed) continue
      const at = now - ageMs
      const own = this.#own.get(route)
      // What the node said here counts, unless it has gone on to speak elsewhere.
      if (own !== undefined && own.at >= at) continue
      const row = live.of(node.id)
      this.#heardBy.set(route, message.proxy)
      row.statusAt = Math.max(row.statusAt ?? Number.NEGATIVE_INFINITY, at)
      row.unconfirmed = false
      if (row.silent && ageMs < this.#options.statusTimeoutMs()) {
        row.silent = false
        row.epoch++
        notify(node.id)
      }
      const isOther = factor !== undefined && (isNew || factor !== row.loadFactor)
      const load = { kind: 'load', id: node.id, factor: factor ?? 0 } as const
      if (isOther) changes.push(isDefault ? { ...load, isDefault: true } : load)
    }
    if (changes.length > 0) publish(changes)
  }
}
