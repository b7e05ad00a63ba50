// One load factor from several metrics: a decaying average for each metric, the greatest of these or, where metrics have
// weights, mod_cluster's weighted mean, and 100 minus that (mod-cluster-node.md 2.2). A node starts as fully loaded and its
// factor rises slowly, so that a new node is not flooded. Pure, apart from the metrics.

import type { Logger } from '../base/log.ts'
import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import type { LoadMetric, LoadRound } from './load-metric.ts'

/** How the values of metrics become the load factor. */
export interface LoadSettings {
  /** Earlier values that count beside the newest: 0..1000. */
  readonly history: number
  /** The weight of each older value is divided by this; below 1 means 1. */
  readonly decay: number
  /** Factor to start from: 0..100; -1: no ramp. The first factor is at most half way from here to 100. */
  readonly initialLoad: number
}

/** Values of the initial load at the start, whatever the history (as in mod_cluster). */
const prefilled = 9

/** One metric as one process has read it; plain data, for processes that share a node. */
export interface Reading {
  readonly name: string
  readonly weight?: number
  /** The value that means "full". */
  readonly capacity: number
  /** In the unit of the metric. Missing: no value this time. */
  readonly value?: number | 'unavailable'
}

/** What the next factor depends on beside new readings. */
export interface LoadState {
  readonly last: number
  /** Values by metric, newest first. */
  readonly series: readonly (readonly [name: string, values: readonly number[]])[]
}

export class LoadFactor {
  readonly #metrics: readonly LoadMetric[]
  readonly #history: number
  readonly #decay: number
  /** One metric at least has a weight. */
  readonly #isWeighted: boolean
  readonly #log: Logger
  /** The values of a metric before its first one. */
  readonly #start: readonly number[]
  readonly #series: Map<string, readonly number[]> = new Map()
  /** Names of metrics that have failed. */
  readonly #failed: Set<string> = new Set()
  #last: number
  #values: readonly MetricValue[] = []

  /** @param settings checked by `checkLoad`, as are the metrics. */
  constructor(
    metrics: readonly LoadMetric[],
    { history, decay, initialLoad }: LoadSettings,
    log: Logger,
  ) {
    this.#metrics = metrics
    this.#history = history
    this.#decay = Math.max(1, decay)
    this.#isWeighted = metrics.some(({ weight }) => weight !== undefined)
    this.#log = log
    this.#last = initialLoad < 1 ? 1 : Math.round(initialLoad)
    this.#start = initialLoad < 0 ? [] : Array<number>(prefilled).fill(1 - initialLoad / 100)
  }

  get state(): LoadState {
    return { last: this.#last, series: [...this.#series] }
  }

  /** The values behind the last factor. */
  get metrics(): readonly MetricValue[] {
    return this.#values
  }

  /** Continues where another process has ended. */
  restore({ last, series }: LoadState): void {
    this.#last = last
    this.#series.clear()
    for (const [name, values] of series) this.#series.set(name, values)
  }

  /** Reads every metric once and returns the factor to report, as `combine` does. */
  next(round: LoadRound): number {
    return this.combine([this.read(round)])
  }

  /** Reads every metric once. */
  read(round: LoadRound): Reading[] {
    const readings: Reading[] = []
    for (const metric of this.#metrics) {
      if (metric.weight === 0) continue
      const value = this.#read(metric, round)
      // Two metrics may have one name.
      const same = readings.filter(({ name }) => name.split('#')[0] === metric.name).length
      readings.push({
        name: same === 0 ? metric.name : `${metric.name}#${same + 1}`,
        capacity: metric.capacity ?? 1,
        ...(metric.weight === undefined ? {} : { weight: metric.weight }),
        ...(value === undefined ? {} : { value }),
      })
    }
    return readings
  }

  /**
   * The factor to report for the readings of all processes of the node: 1..100, more is freer, or -1 when a metric reports
   * everywhere that the node is unavailable. The values of a metric are added up, and so are its capacities; a process
   * that alone is unavailable counts as full. When no metric has a value the last factor is returned again.
   */
  combine(readings: readonly (readonly Reading[])[]): number {
    let weights = 0
    let sum = 0
    let greatest = 0
    let isUnavailable = false
    const metrics: MetricValue[] = []
    for (const [name, each] of byName(readings)) {
      const capacity = each.reduce((total, reading) => total + reading.capacity, 0)
      const given = each[0]?.weight ?? (this.#isWeighted ? 1 : null)
      if (each.every(({ value }) => value === 'unavailable')) {
        isUnavailable = true
        metrics.push({ name, value: null, capacity, load: 1, weight: given })
        continue
      }
      const value = shareOf(each)
      if (value === undefined) continue
      const before = this.#series.get(name) ?? this.#start
      const values = [value, ...before.slice(0, this.#history)]
      this.#series.set(name, values)
      const load = average(values, this.#decay)
      const { weight = 1 } = each[0] ?? {}
      greatest = Math.max(greatest, load)
      sum += load * weight
      weights += weight
      metrics.push({ name, value: value * capacity, capacity, load, weight: given })
    }
    this.#values = metrics
    if (weights > 0) {
      const load = this.#isWeighted ? sum / weights : greatest
      const percent = Math.min(99, Math.round(100 * load))
      this.#last = 100 - percent
    }
    return isUnavailable ? -1 : this.#last
  }

  #read(metric: LoadMetric, round: LoadRound): number | 'unavailable' | undefined {
    try {
      const value = metric.read(round)
      if (value === undefined || value === 'unavailable') return value
      if (Number.isFinite(value) && value >= 0) return value
      this.#warn(metric.name, `returned ${value}`)
    } catch (error) {
      this.#warn(metric.name, error instanceof Error ? error.message : String(error))
    }
    return undefined
  }

  /** Once for each metric, because it would fail in every round. */
  #warn(metric: string, reason: string): void {
    if (this.#failed.has(metric)) return
    this.#failed.add(metric)
    this.#log.warn({ metric, reason }, 'load metric failed; left out of the load factor')
  }
}

/** Those that have a value this time. */
function byName(readings: readonly (readonly Reading[])[]): Map<string, Reading[]> {
  const metrics = new Map<string, Reading[]>()
  for (const reading of readings.flat()) {
    if (reading.value === undefined) continue
    const same = metrics.get(reading.name)
    if (same === undefined) metrics.set(reading.name, [reading])
    else same.push(reading)
  }
  return metrics
}

/** Sum of the values through sum of the capacities; `undefined` without a value. */
function shareOf(readings: readonly Reading[]): number | undefined {
  let values = 0
  let capacities = 0
  for (const { value, capacity } of readings) {
    values += value === 'unavailable' || value === undefined ? capacity : value
    capacities += capacity
  }
  return capacities > 0 ? values / capacities : undefined
}

/** Adds a problem for each value out of range. */
export function checkLoad(
  metrics: readonly LoadMetric[],
  { history, decay, initialLoad }: LoadSettings,
  problems: string[],
): void {
  const check = (isGood: boolean, problem: string): void => {
    if (!isGood) problems.push(problem)
  }
  check(Number.isInteger(history) && history >= 0 && history <= 1000, `history ${history}: 0..1000`)
  check(Number.isFinite(decay), `decay ${decay}: a number`)
  check(initialLoad >= -1 && initialLoad <= 100, `initialLoad ${initialLoad}: -1 or 0..100`)
  for (const { name, weight = 1, capacity = 1 } of metrics) {
    const isWeight = weight >= 0 && Number.isFinite(weight)
    check(isWeight, `metric ${name}, weight ${weight}: 0 or more`)
    const isCapacity = capacity > 0 && Number.isFinite(capacity)
    check(isCapacity, `metric ${name}, capacity ${capacity}: above 0`)
  }
}

function average(values: readonly number[], decay: number): number {
  let sum = 0
  let weights = 0
  let weight = 1
  for (const value of values) {
    sum += value * weight
    weights += weight
    weight /= decay
  }
  return sum / weights
}
