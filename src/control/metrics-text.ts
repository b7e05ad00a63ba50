// The text formats of metrics: Prometheus 0.0.4, and OpenMetrics 1.0 for a scraper that asks for it. Pure.
// https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/

import type { Exemplar, Histogram, Times } from '../cluster/times.ts'

export type MetricsFormat = 'text' | 'openmetrics'

export const contentTypes: Readonly<Record<MetricsFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** The format for a value of Accept: OpenMetrics when it is named, and not with a lower weight than plain text. */
export function formatFor(accept: string): MetricsFormat {
  const weight = weightOf(accept, 'application/openmetrics-text')
  return weight > 0 && weight >= weightOf(accept, 'text/plain') ? 'openmetrics' : 'text'
}

/** 0 when the list does not name the type. */
function weightOf(accept: string, type: string): number {
  for (const entry of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim())
    if (name !== type) continue
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0
  }
  return 0
}

interface MetricHead {
  /** With `_total` for a counter. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
}

/** The lines that describe a metric; they are there before its first sample, too. */
export function headText({ name, type, help }: MetricHead, format: MetricsFormat): string {
  const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${family} ${text}\n# TYPE ${family} ${type}\n`
}

/** `a="1",b="2"`. */
export const labelsText = (labels: Readonly<Record<string, string | number>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(',')

const escaped = (value: string): string =>
  /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value

/** @param labels as `labelsText` returns them; '' for none. */
export const sampleText = (name: string, labels: string, value: number): string =>
  labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`

/** Writes the samples of one histogram of a row. */
export class HistogramText {
  readonly #name: string
  readonly #histogram: Histogram
  readonly #unit: number
  readonly #exemplars: boolean
  /** The label `le` of each bucket. */
  readonly #bounds: readonly string[]

  /**
   * @param unit how many of the row's units make one of the metric: 1000 for seconds.
   * @param isFirst the exemplars of the row are those of this histogram.
   */
  constructor(
    name: string,
    histogram: Histogram,
    unit: number,
    format: MetricsFormat,
    isFirst: boolean,
  ) {
    // Prometheus 0.0.4 has none.
    this.#exemplars = isFirst && format === 'openmetrics'
    this.#name = name
    this.#histogram = histogram
    this.#unit = unit
    this.#bounds = [
      ...histogram.bounds.map((bound) => boundText(bound / unit, format)),
      '+Inf',
    ].map((bound) => `le="${bound}"} `)
  }

  /** @param labels at least one, as `labelsText` returns them. */
  text(labels: string, { values, exemplars }: Times): string {
    const { at, bounds } = this.#histogram
    const bucket = `${this.#name}_bucket{${labels},`
    let text = ''
    let count = 0
    for (let i = 0; i <= bounds.length; i++) {
      count += values[at + i] as number
      const exemplar = this.#exemplars ? exemplarText(exemplars?.get(i), this.#unit) : ''
      text += `${bucket}${this.#bounds[i]}${count}${exemplar}\n`
    }
    const sum = (values[at + bounds.length + 1] as number) / this.#unit
    return `${text}${this.#name}_sum{${labels}} ${sum}\n${this.#name}_count{${labels}} ${count}\n`
  }
}

/** `# {trace_id="..."} 0.067 1520879607.789`. */
const exemplarText = (exemplar: Exemplar | undefined, unit: number): string =>
  exemplar === undefined
    ? ''
    : ` # {trace_id="${exemplar.traceId}"} ${exemplar.value / unit} ${exemplar.at / 1_000}`

/** OpenMetrics wants whole numbers with a decimal point, as its own libraries write them. */
const boundText = (bound: number, format: MetricsFormat): string =>
  format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : String(bound)
