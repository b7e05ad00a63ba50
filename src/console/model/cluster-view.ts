// The cluster as the console has it: the live fields of each node, and ten minutes of its figures. The stream writes it, the
// pages read it. Nothing in it is copied for an update.

import type { ApiHistory, ApiLive, ApiNode, ApiTraffic, ApiTrend } from './api.ts'
import { Growth } from './growth.ts'
import { History, type Sample, slotAt, slotMs, slots } from './history.ts'

export class NodeView {
  fields: ApiNode
  /** Rises with each change of what is shown. */
  revision = 0
  readonly history: History
  /** When it left, ms; `undefined` while it is registered. */
  goneAt: number | undefined
  /** Time between its last two reports, ms. */
  reportEveryMs = 0
  readonly #growth: Growth = new Growth(3)

  constructor(fields: ApiNode, history: History) {
    this.fields = fields
    this.history = history
  }

  /** Once in each slot. */
  read(): void {
    const { elected, failures, errors } = this.fields
    this.#growth.read([elected, failures, errors])
  }

  /** Of the last minute. */
  get minute(): { readonly requests: number; readonly failures: number; readonly errors: number } {
    return {
      requests: this.#growth.of(0),
      failures: this.#growth.of(1),
      errors: this.#growth.of(2),
    }
  }
}

/** Slots of traffic counters that are kept: a minute. */
const minuteSlots = 12

export class ClusterView {
  /** By route, with those that have left in the last ten minutes. */
  readonly #all: Map<string, NodeView> = new Map()
  #histories: Map<string, History> = new Map()
  history: History = new History()
  readonly #readings: { readonly slot: number; readonly traffic: ApiTraffic }[] = []
  traffic: ApiTraffic = noTraffic
  /** Server time of the last message, ms. */
  at = 0
  #clockAhead = 0

  /** The registered nodes, in order of their routes. */
  nodes: readonly NodeView[] = []

  node(route: string): NodeView | undefined {
    return this.#all.get(route)
  }

  /** The time of the proxy. @param here ms of this machine. */
  now(here: number): number {
    return here + this.#clockAhead
  }

  get inFlight(): number {
    return this.nodes.reduce((sum, { fields }) => sum + fields.inFlight, 0)
  }

  /** The last ten minutes as the proxy has them; to be called before the first `apply`. */
  load(history: ApiHistory = noHistory): void {
    const { at, traffic, nodes } = history
    const filled = slotsIn(at)
    const historyOf = (columns: ApiHistory['traffic']): History => {
      const { perSecond: requests, errorsPerSecond: errors, p50Ms: p50, p99Ms: p99 } = columns
      const history = new History()
      history.fill(filled, { requests, errors, inFlight: columns.inFlight, p50, p99 })
      return history
    }
    this.history = historyOf(traffic)
    this.#histories = new Map(nodes.map((node) => [node.route, historyOf(node)]))
    this.#all.clear()
    this.#order()
  }

  /** @param here ms of this machine. */
  apply(live: ApiLive, here: number): void {
    this.at = Date.parse(live.at)
    this.#clockAhead = this.at - here
    for (const fields of live.nodes) this.#merge(fields)
    for (const route of live.gone) this.#leave(route)
    if (Object.keys(live.traffic).length > 0) this.traffic = { ...this.traffic, ...live.traffic }
    if (live.nodes.length > 0 || live.gone.length > 0) this.#order()
  }

  /** Once a second. @param here ms of this machine. @returns whether a slot has ended. */
  step(here: number): boolean {
    const now = this.now(here)
    const slot = slotAt(now) - 1
    if (this.history.last >= slot || this.at === 0) return false
    this.history.record(slot, { ...sampleOf(this.traffic), inFlight: this.inFlight })
    for (const view of this.nodes) {
      view.read()
      view.history.record(slot, { ...sampleOf(view.fields), inFlight: view.fields.inFlight })
      view.revision++
    }
    this.#readings.push({ slot, traffic: this.traffic })
    while ((this.#readings[0]?.slot ?? slot) < slot - minuteSlots) this.#readings.shift()
    for (const [route, { goneAt }] of this.#all) {
      if (goneAt === undefined || goneAt >= now - slots * slotMs) continue
      this.#all.delete(route)
      this.#histories.delete(route)
    }
    return true
  }

  /** The counters of the traffic a minute ago, or as long ago as is known. */
  get earlier(): ApiTraffic {
    return this.#readings[0]?.traffic ?? this.traffic
  }

  #merge(fields: ApiLive['nodes'][number]): void {
    const view = this.#all.get(fields.route)
    if (view === undefined) {
      const history = this.#histories.get(fields.route) ?? new History()
      this.#histories.set(fields.route, history)
      // The first message about a node has all fields.
      this.#all.set(fields.route, new NodeView(fields as ApiNode, history))
      return
    }
    const before = view.fields.reportedAt
    if (fields.reportedAt != null && before != null) view.reportEveryMs = fields.reportedAt - before
    view.fields = { ...view.fields, ...fields }
    view.goneAt = undefined
    view.revision++
  }

  #leave(route: string): void {
    const view = this.#all.get(route)
    if (view === undefined) return
    view.goneAt = this.at
    view.revision++
  }

  #order(): void {
    this.nodes = [...this.#all.values()]
      .filter(({ goneAt }) => goneAt === undefined)
      .sort((a, b) => compareNames(a.fields.route, b.fields.route))
  }
}

const sampleOf = ({ perSecond, errorsPerSecond, p50Ms, p99Ms }: ApiTrend): Sample => ({
  requests: perSecond,
  errors: errorsPerSecond,
  p50: p50Ms,
  p99: p99Ms,
})

/** The slots that end at these times. The clock of the proxy may have been set back. */
const slotsIn = (at: readonly string[]): readonly number[] =>
  at.map((time) => slotAt(Date.parse(time)) - 1)

const collator = new Intl.Collator('en', { numeric: true })

export const compareNames = (a: string, b: string): number => collator.compare(a, b)

const noColumns = { perSecond: [], errorsPerSecond: [], p50Ms: [], p99Ms: [], inFlight: [] }
const noHistory: ApiHistory = { at: [], traffic: noColumns, nodes: [] }

const noTraffic: ApiTraffic = {
  perSecond: 0,
  errorsPerSecond: 0,
  p50Ms: null,
  p99Ms: null,
  connections: 0,
  requests: 0,
  retries: 0,
  cut: 0,
  shortages: 0,
  faults: 0,
  logLinesDropped: 0,
  refused: {},
  refusedFor: {},
}
