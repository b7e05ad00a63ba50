// Load metrics by their names, for the environment and for flags: `processor*2,memory` or `busyness/100`. Used by
// option-table.ts.

import type { ValueForm } from '../base/value-forms.ts'
import type { LoadMetric } from './load-metric.ts'
import { busyness } from './metrics/busyness.ts'
import { concurrencyUse } from './metrics/concurrency.ts'
import { eventLoopDelay, eventLoopUse } from './metrics/event-loop.ts'
import { heap, memory } from './metrics/memory.ts'
import { processor, systemLoad } from './metrics/processor.ts'
import { receiveRate, requestRate, sendRate } from './metrics/rate.ts'

interface Named {
  readonly weight: number | undefined
  readonly capacity: number | undefined
}

const plain =
  (make: (options: { readonly weight: number | undefined }) => LoadMetric) =>
  ({ weight, capacity }: Named): LoadMetric => {
    const metric = make({ weight })
    return capacity === undefined ? metric : { ...metric, capacity }
  }

type Rate = typeof requestRate

/** Without a capacity there is no such metric. */
const rate =
  (make: Rate) =>
  ({ weight, capacity }: Named): LoadMetric | undefined =>
    capacity === undefined ? undefined : make({ weight, capacity })

/** `sessions` is missing: it needs a function that counts them. */
const makers: ReadonlyMap<string, (named: Named) => LoadMetric | undefined> = new Map([
  ['busyness', plain(busyness)],
  ['concurrency-use', plain(concurrencyUse)],
  ['event-loop-delay', plain(eventLoopDelay)],
  ['event-loop-use', plain(eventLoopUse)],
  ['heap', plain(heap)],
  ['memory', plain(memory)],
  ['processor', plain(processor)],
  ['receive-rate', rate(receiveRate)],
  ['request-rate', rate(requestRate)],
  ['send-rate', rate(sendRate)],
  ['system-load', plain(systemLoad)],
])

/** Those that are not about this process or its requests. */
const machineMetrics: readonly string[] = ['memory', 'processor', 'system-load']

const form = /^([a-z-]{1,40})(?:\*(\d{1,9}(?:\.\d{1,9})?))?(?:\/(\d{1,9}(?:\.\d{1,9})?))?$/

/** @param names of the metrics that are possible here. */
const metricsForm = (names: readonly string[]): ValueForm => ({
  what: `a list of metrics; write for example processor*2,memory (NAME, NAME*WEIGHT or NAME/CAPACITY), with the names ${names.join(', ')}`,
  isList: true,
  parse(value) {
    const metrics = value.split(',').map((item) => metricOf(item.trim(), names))
    return metrics.every((metric) => metric !== undefined) ? metrics : undefined
  },
})

/** For a server of this process. */
export const serverMetrics: ValueForm = metricsForm([...makers.keys()])

/** For the sidecar, whose server runs in another process. */
export const sidecarMetrics: ValueForm = metricsForm(machineMetrics)

function metricOf(item: string, names: readonly string[]): LoadMetric | undefined {
  const [, name = '', weight, capacity] = form.exec(item) ?? []
  if (!names.includes(name)) return undefined
  return makers.get(name)?.({ weight: numberOf(weight), capacity: numberOf(capacity) })
}

const numberOf = (digits: string | undefined): number | undefined =>
  digits === undefined ? undefined : Number(digits)
