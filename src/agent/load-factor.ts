// One load factor from many metrics, by mod_cluster's arithmetic (mod-cluster-node.md 2.2): a decaying
// average for each metric, a weighted mean of those, and 100 minus that. A node starts out as fully
// loaded and is believed to be free only little by little: the ramp that keeps a fresh node from being
// flooded. One `next` for each report. Pure but for the metrics that it asks.

import { TopspinError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { LoadMetric, LoadRound } from './load-metric.ts'

export interface LoadFactorOptions {
  readonly metrics: readonly LoadMetric[]
  /** Earlier values that count beside the newest, 0 or more. Default 9. */
  readonly history?: number
  /** How much less each older value counts; below 1 means 1. Default 2. */
  readonly decay?: number
  /** Factor to start from, 0..100; -1: without a ramp. Default 0, so the first is at most 50. */
  readonly initialLoad?: number
  readonly log: Logger
}

/** Values of initial load, whatever the history (as mod_cluster has it). */
const prefilled = 9

interface Course {
  readonly metric: LoadMetric
  readonly weight: number
  readonly capacity: number
  /** Newest first. */
  values: number[]
  complained: boolean
}

export class LoadFactor {
  readonly #courses: readonly Course[]
  readonly #history: number
  readonly #decay: number
  readonly #log: Logger
  #last: number

  /** Throws a TopspinError for a weight, capacity, history or initial load out of range. */
  constructor(options: LoadFactorOptions) {
    const { history = 9, decay = 2, initialLoad = 0 } = options
    demand(
      Number.isInteger(history) && history >= 0 && history <= 1000,
      `history ${history}: 0..1000`,
    )
    demand(Number.isFinite(decay), `decay ${decay}: a number`)
    demand(initialLoad >= -1 && initialLoad <= 100, `initialLoad ${initialLoad}: -1 or 0..100`)
    this.#history = history
    this.#decay = Math.max(1, decay)
    this.#log = options.log
    this.#last = initialLoad < 1 ? 1 : Math.round(initialLoad)
    const start = initialLoad < 0 ? [] : Array<number>(prefilled).fill(1 - initialLoad / 100)
    this.#courses = options.metrics.map((metric) => course(metric, start))
  }

  /**
   * Reads every metric once and returns the factor to report: 1..100, more is freer, or -1 when a
   * metric says that the node is unavailable. Without any value the last factor stands.
   */
  next(round: LoadRound): number {
    let weights = 0
    let load = 0
    let unavailable = false
    for (const course of this.#courses) {
      if (course.weight === 0) continue
      const value = this.#read(course, round)
      if (value === 'unavailable') unavailable = true
      if (typeof value !== 'number') continue
      course.values = [value, ...course.values.slice(0, this.#history)]
      load += average(course.values, this.#decay) * course.weight
      weights += course.weight
    }
    if (weights > 0) {
      const percent = Math.min(99, Math.max(0, Math.round((100 * load) / weights)))
      this.#last = 100 - percent
    }
    return unavailable ? -1 : this.#last
  }

  #read(course: Course, round: LoadRound): number | 'unavailable' | undefined {
    try {
      const raw = course.metric.read(round)
      if (raw === undefined || raw === 'unavailable') return raw
      const value = raw / course.capacity
      if (Number.isFinite(value) && value >= 0) return value
      this.#complain(course, `gave ${raw}`)
    } catch (error) {
      this.#complain(course, error instanceof Error ? error.message : String(error))
    }
    return undefined
  }

  /** Once for each metric: a metric that fails will fail in every round. */
  #complain(course: Course, why: string): void {
    if (course.complained) return
    course.complained = true
    const metric = course.metric.name
    this.#log.warn({ metric, why }, 'load metric left out of the load factor while it fails')
  }
}

function course(metric: LoadMetric, start: readonly number[]): Course {
  const { weight = 1, capacity = 1 } = metric
  demand(
    weight >= 0 && Number.isFinite(weight),
    `metric ${metric.name}, weight ${weight}: 0 or more`,
  )
  demand(
    capacity > 0 && Number.isFinite(capacity),
    `metric ${metric.name}, capacity ${capacity}: above 0`,
  )
  return { metric, weight, capacity, values: [...start], complained: false }
}

function average(values: readonly number[], decay: number): number {
  let sum = 0
  let shares = 0
  let share = 1
  for (const value of values) {
    sum += value * share
    shares += share
    share /= decay
  }
  return sum / shares
}

function demand(good: boolean, message: string): void {
  if (!good) throw new TopspinError('BAD_OPTION', message, { side: 'proxy', phase: 'control' })
}
