// One load factor from several metrics: a decaying average for each metric, the greatest of these or, where metrics have
// weights, mod_cluster's weighted mean, and 100 minus that (mod-cluster-node.md 2.2). A node starts as fully loaded and its
// factor rises slowly, so that a new node is not flooded. Pure, apart from the metrics.

import type { Logger } from '../base/log.ts'
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

interface Series {
  readonly metric: LoadMetric
  /** 1 where the metric has none. */
  readonly weight: number
  readonly capacity: number
  /** Newest first. */
  values: number[]
  hasFailed: boolean
}

export class LoadFactor {
  readonly #series: readonly Series[]
  readonly #history: number
  readonly #decay: number
  /** One metric at least has a weight. */
  readonly #isWeighted: boolean
  readonly #log: Logger
  #last: number

  /** @param settings checked by `checkLoad`, as are the metrics. */
  constructor(
    metrics: readonly LoadMetric[],
    { history, decay, initialLoad }: LoadSettings,
    log: Logger,
  ) {
    this.#history = history
    this.#decay = Math.max(1, decay)
    this.#isWeighted = metrics.some(({ weight }) => weight !== undefined)
    this.#log = log
    this.#last = initialLoad < 1 ? 1 : Math.round(initialLoad)
    const start = initialLoad < 0 ? [] : Array<number>(prefilled).fill(1 - initialLoad / 100)
    this.#series = metrics.map((metric) => {
      const { weight = 1, capacity = 1 } = metric
      return { metric, weight, capacity, values: [...start], hasFailed: false }
    })
  }

  /**
   * Reads every metric once and returns the factor to report: 1..100, more is freer, or -1 when a metric reports that
   * the node is unavailable. When no metric has a value the last factor is returned again.
   */
  next(round: LoadRound): number {
    let weights = 0
    let sum = 0
    let greatest = 0
    let isUnavailable = false
    for (const series of this.#series) {
      if (series.weight === 0) continue
      const value = this.#read(series, round)
      if (value === 'unavailable') isUnavailable = true
      if (typeof value !== 'number') continue
      series.values = [value, ...series.values.slice(0, this.#history)]
      const load = average(series.values, this.#decay)
      greatest = Math.max(greatest, load)
      sum += load * series.weight
      weights += series.weight
    }
    if (weights > 0) {
      const load = this.#isWeighted ? sum / weights : greatest
      const percent = Math.min(99, Math.round(100 * load))
      this.#last = 100 - percent
    }
    return isUnavailable ? -1 : this.#last
  }

  #read(series: Series, round: LoadRound): number | 'unavailable' | undefined {
    try {
      const raw = series.metric.read(round)
      if (raw === undefined || raw === 'unavailable') return raw
      const value = raw / series.capacity
      if (Number.isFinite(value) && value >= 0) return value
      this.#warn(series, `returned ${raw}`)
    } catch (error) {
      this.#warn(series, error instanceof Error ? error.message : String(error))
    }
    return undefined
  }

  /** Once for each metric, because it would fail in every round. */
  #warn(series: Series, reason: string): void {
    if (series.hasFailed) return
    series.hasFailed = true
    const metric = series.metric.name
    this.#log.warn({ metric, reason }, 'load metric failed; left out of the load factor')
  }
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
