// The HTTP field of a STATUS request with the values behind the load factor, for people who look at the node:
// `processor;value=0.42;capacity=1;load=0.4, queue;value=12;capacity=500;load=0.03;weight=2`. It is no key of the body,
// because httpd refuses unknown keys there; all proxies ignore unknown HTTP fields. Pure.

import { mcmpLimits } from '../../base/limits.ts'

/** In lower case, as names are compared. */
export const loadMetricsField = 'topspin-load-metrics'

/** A load metric as it entered the load factor. */
export interface MetricValue {
  readonly name: string
  /** In the metric's own unit, of all processes of the node; `null`: it reported that the node is unavailable. */
  readonly value: number | null
  /** The value that means "full". */
  readonly capacity: number
  /** Decaying mean of value / capacity: 0 is idle, 1 is full. */
  readonly load: number
  /** In the load factor; `null` when no metric has one: then the greatest load counts. */
  readonly weight: number | null
}

/** The value of the field; '' without metrics. What does not fit is left out. */
export function writeLoadMetrics(metrics: readonly MetricValue[]): string {
  let text = ''
  for (const metric of metrics.slice(0, mcmpLimits.loadMetricsMax)) {
    const entry = `${text === '' ? '' : ', '}${entryOf(metric)}`
    if (text.length + entry.length > mcmpLimits.loadMetricsBytesMax) break
    text += entry
  }
  return text
}

function entryOf({ name, value, capacity, load, weight }: MetricValue): string {
  const parameters = [
    value === null ? '' : `;value=${short(value)}`,
    `;capacity=${short(capacity)}`,
    `;load=${short(load)}`,
    weight === null ? '' : `;weight=${short(weight)}`,
  ]
  const plain = name.slice(0, mcmpLimits.loadMetricNameMax).replace(/[^A-Za-z0-9_.#/:-]/g, '_')
  return `${plain}${parameters.join('')}`
}

/** Four digits are enough for a reader. */
const short = (value: number): string => String(Number(value.toPrecision(4)))

/** @returns the entries that are well formed; none for a field that is too long. */
export function readLoadMetrics(text: string): readonly MetricValue[] {
  if (text === '' || text.length > mcmpLimits.loadMetricsBytesMax) return []
  const metrics: MetricValue[] = []
  for (const entry of text.split(',', mcmpLimits.loadMetricsMax)) {
    const metric = metricOf(entry.trim())
    if (metric !== undefined) metrics.push(metric)
  }
  return metrics
}

function metricOf(entry: string): MetricValue | undefined {
  const [name = '', ...parameters] = entry.split(';')
  const given = new Map<string, number>()
  for (const parameter of parameters) {
    const at = parameter.indexOf('=')
    given.set(parameter.slice(0, at), numberOf(parameter.slice(at + 1)))
  }
  const [value = null, weight = null] = [given.get('value'), given.get('weight')]
  const [capacity, load] = [given.get('capacity'), given.get('load')]
  const isName = name.length <= mcmpLimits.loadMetricNameMax && /^[A-Za-z0-9_.#/:-]+$/.test(name)
  if (!isName || capacity === undefined || load === undefined) return undefined
  const numbers = [value ?? 0, capacity, load, weight ?? 0]
  return numbers.every((each) => each >= 0) ? { name, value, capacity, load, weight } : undefined
}

/** NaN for what is no plain number. */
const numberOf = (text: string): number =>
  /^\d{1,16}(?:\.\d{1,16})?(?:e[+-]\d{1,2})?$/.test(text) ? Number(text) : Number.NaN
