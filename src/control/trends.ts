// Rates and times of requests now and in the last ten minutes: of all requests, of each node, and of each application. The
// counts that the traffic keeps anyway are read every few seconds, so a request pays nothing for it.

import { trendLimits } from '../base/limits.ts'
import { retriedPerSecond, type Trend, trendOf } from '../cluster/trend.ts'
import type { ControlSettings } from './options.ts'

/** The requests for one context, at all listeners. */
export interface ApplicationTrend extends Trend {
  readonly balancer: string
  readonly context: string
  /** Requests that were sent to a node more than once. */
  readonly retriedPerSecond: number
}

/** One value for each reading; `null`: there were no requests, or there was no such node. */
interface TrendHistory {
  readonly perSecond: readonly (number | null)[]
  readonly errorsPerSecond: readonly (number | null)[]
  readonly p50Ms: readonly (number | null)[]
  readonly p99Ms: readonly (number | null)[]
  /** At the time of the reading. */
  readonly inFlight: readonly (number | null)[]
}

export interface History {
  /** Times of the readings, ISO 8601, the oldest first. Each value is of the stretch before its time. */
  readonly at: readonly string[]
  readonly traffic: TrendHistory
  readonly nodes: readonly (TrendHistory & { readonly route: string })[]
}

/** The counts at one moment. */
interface Reading {
  /** Monotonic ms. */
  readonly at: number
  readonly total: Float64Array
  readonly nodes: ReadonlyMap<number, Float64Array>
  readonly applications: ReadonlyMap<string, Float64Array>
}

/** The trend of one stretch, with the requests in flight at its end. */
interface Sampled extends Trend {
  readonly inFlight: number
}

/** The trends of one stretch. */
interface Point {
  readonly wall: number
  readonly total: Sampled
  readonly nodes: ReadonlyMap<string, Sampled>
}

export class Trends {
  readonly #settings: ControlSettings
  /** The last two, so that there is one at least as old as the time between two. */
  #older: Reading
  #newer: Reading
  readonly #points: Point[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#older = this.#newer = this.#read()
  }

  start(): void {
    this.#timer ??= setInterval(() => this.step(), trendLimits.everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Reads the counts; called every `trendLimits.everyMs`. */
  step(): void {
    const { registry, live, clock } = this.#settings
    const before = this.#newer
    const now = this.#read()
    const ms = now.at - before.at
    this.#older = before
    this.#newer = now
    const nodes = new Map<string, Sampled>()
    let allInFlight = 0
    for (const { id, route } of registry.snapshot.nodes.values()) {
      if (nodes.size >= trendLimits.nodesMax) break
      const values = now.nodes.get(id)
      const { inFlight } = live.of(id)
      allInFlight += inFlight
      if (values === undefined) continue
      nodes.set(route, { ...trendOf(values, before.nodes.get(id), ms), inFlight })
    }
    const total = { ...trendOf(now.total, before.total, ms), inFlight: allInFlight }
    this.#points.push({ wall: clock.wall(), total, nodes })
    if (this.#points.length > trendLimits.pointsMax) this.#points.shift()
  }

  /** Of all requests, over the last seconds. */
  total(): Trend {
    return trendOf(this.#totalNow(), this.#older.total, this.#elapsed)
  }

  /** Of the requests that a node answered, over the last seconds. */
  node(id: number): Trend {
    const values = this.#settings.live.of(id).times?.values ?? none
    return trendOf(values, this.#older.nodes.get(id), this.#elapsed)
  }

  applications(): readonly ApplicationTrend[] {
    const { applications: before } = this.#older
    return [...this.#applicationsNow()].map(([key, values]) => {
      const [balancer = '', context = ''] = key.split('\n')
      const stretch = [values, before.get(key), this.#elapsed] as const
      const retried = retriedPerSecond(...stretch)
      return { balancer, context, ...trendOf(...stretch), retriedPerSecond: retried }
    })
  }

  /** @param route of this node alone. */
  history(route?: string): History {
    const points = this.#points
    const routes =
      route === undefined ? new Set(points.flatMap((p) => [...p.nodes.keys()])) : [route]
    return {
      at: points.map(({ wall }) => new Date(wall).toISOString()),
      traffic: columns(points.map(({ total }) => total)),
      nodes: [...routes].map((name) => ({
        route: name,
        ...columns(points.map(({ nodes }) => nodes.get(name))),
      })),
    }
  }

  get #elapsed(): number {
    return this.#settings.clock.now() - this.#older.at
  }

  #read(): Reading {
    const { registry, live, clock } = this.#settings
    const nodes = new Map<number, Float64Array>()
    for (const id of registry.snapshot.nodes.ids()) {
      const { times } = live.of(id)
      if (times !== undefined) nodes.set(id, times.values.slice())
    }
    const applications = this.#applicationsNow()
    return { at: clock.now(), total: sumOf(applications.values()), nodes, applications }
  }

  #totalNow(): Float64Array {
    return sumOf([...this.#settings.traffic.requestTimes().rows()].map(({ times }) => times.values))
  }

  #applicationsNow(): ReadonlyMap<string, Float64Array> {
    const byKey = new Map<string, Float64Array>()
    for (const { balancer, context, times } of this.#settings.traffic.requestTimes().rows()) {
      const key = `${balancer}\n${context}`
      byKey.set(key, sumOf([byKey.get(key) ?? none, times.values]))
    }
    return byKey
  }
}

const none = new Float64Array()

function sumOf(rows: Iterable<Float64Array>): Float64Array {
  let sum = none
  for (const row of rows) {
    if (sum.length < row.length) sum = row.slice().map((value, at) => value + (sum[at] ?? 0))
    else for (let at = 0; at < row.length; at++) sum[at] = (sum[at] ?? 0) + (row[at] ?? 0)
  }
  return sum
}

const columns = (trends: readonly (Sampled | undefined)[]): TrendHistory => ({
  perSecond: trends.map((trend) => trend?.perSecond ?? null),
  errorsPerSecond: trends.map((trend) => trend?.errorsPerSecond ?? null),
  p50Ms: trends.map((trend) => trend?.p50Ms ?? null),
  p99Ms: trends.map((trend) => trend?.p99Ms ?? null),
  inFlight: trends.map((trend) => trend?.inFlight ?? null),
})
