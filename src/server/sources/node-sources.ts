// All sources of the configuration, with the nodes that they list now. Used by served-cluster.ts.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { NodeEntry, PlacedNode } from '../../config/node-entry.ts'
import { type SourceSettings, sourceName } from '../../config/source-settings.ts'
import type { SourceReport } from '../../control/source-report.ts'
import { type FollowedOptions, FollowedSource } from './followed-source.ts'
import type { FoundNode, NodeSource } from './node-source.ts'

type SourceEntry = NodeEntry & { readonly source: SourceSettings }

interface SourcesOptions {
  readonly log: Logger
  readonly clock: Clock
  readonly make: (settings: SourceSettings) => NodeSource
  /** Called when a list has changed. */
  readonly onChange: () => void
}

export class NodeSources {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #make: (settings: SourceSettings) => NodeSource
  readonly #onChange: () => void
  /** By their settings: entries with the same ones share a source. */
  readonly #followed: Map<string, FollowedSource> = new Map()
  #entries: readonly SourceEntry[] = []
  #nodesMax = 0

  constructor({ log, clock, make, onChange }: SourcesOptions) {
    this.#log = log
    this.#clock = clock
    this.#make = make
    this.#onChange = onChange
  }

  /**
   * Follows the sources of these entries from now on. Resolves when new ones have been read once, or could not be.
   * @param nodesMax nodes of all sources together.
   */
  async follow(entries: readonly NodeEntry[], nodesMax: number): Promise<void> {
    this.#entries = sourceEntries(entries)
    this.#nodesMax = nodesMax
    const wanted = new Map(this.#entries.map(({ source }) => [keyOf(source), source]))
    for (const [key, followed] of this.#followed) {
      if (wanted.has(key)) continue
      followed.close()
      this.#followed.delete(key)
    }
    for (const [key, settings] of wanted)
      if (!this.#followed.has(key)) this.#followed.set(key, this.#start(settings))
    await Promise.all([...this.#followed.values()].map(({ first }) => first))
  }

  /** Reads the sources of these entries once. @returns whether one of them lists a node. */
  async list(entries: readonly NodeEntry[]): Promise<boolean> {
    const read = sourceEntries(entries).map(({ source }) => this.#read(source, () => undefined))
    await Promise.all(read.map(({ first }) => first))
    for (const source of read) source.close()
    return read.some(({ nodes = [] }) => nodes.length > 0)
  }

  #start(settings: SourceSettings): FollowedSource {
    return this.#read(settings, () => {
      const { length } = this.nodes()
      if (length > this.#nodesMax)
        return `makes ${length} fixed nodes, more than control.limits.nodes allows (${this.#nodesMax})`
      this.#onChange()
      return undefined
    })
  }

  #read(settings: SourceSettings, onList: FollowedOptions['onList']): FollowedSource {
    return new FollowedSource({
      name: sourceName(settings),
      source: this.#make(settings),
      retryMs: settings.every,
      clock: this.#clock,
      log: this.#log,
      onList,
    })
  }

  /** All nodes that are listed now. */
  nodes(): readonly PlacedNode[] {
    return this.#entries.flatMap(({ address: _, source, route: routePrefix, ...settings }) => {
      const name = sourceName(source)
      const found = this.#followed.get(keyOf(source))?.nodes ?? []
      return found.map((node) => placed(node, { ...settings, routePrefix, source: name }))
    })
  }

  /** Names of the sources that have not been read yet: what they listed before a restart is not over. */
  unread(): ReadonlySet<string> {
    const unread = this.#entries.filter(
      ({ source }) => this.#followed.get(keyOf(source))?.nodes === undefined,
    )
    return new Set(unread.map(({ source }) => sourceName(source)))
  }

  reports(): readonly SourceReport[] {
    return [...this.#followed.values()].map((followed) => followed.report())
  }

  close(): void {
    for (const followed of this.#followed.values()) followed.close()
    this.#followed.clear()
  }
}

const sourceEntries = (entries: readonly NodeEntry[]): readonly SourceEntry[] =>
  entries.filter((entry): entry is SourceEntry => entry.source !== undefined)

const keyOf = (settings: SourceSettings): string => JSON.stringify(settings)

const placed = (
  { serverName = '', ...node }: FoundNode,
  settings: Omit<PlacedNode, 'address' | 'serverName' | 'route'>,
): PlacedNode => ({ ...settings, ...node, serverName })
