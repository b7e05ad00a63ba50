// How a load factor came about, in a sentence.

import type { ApiMetric } from './api.ts'
import { percent } from './format.ts'

export function loadFactorText(factor: number | null, metrics: readonly ApiMetric[]): string {
  if (metrics.length === 0)
    return 'The node does not tell its metrics: agents of Topspin do with each report, other nodes send the load factor alone.'
  const [gone] = metrics.filter(({ value }) => value === null)
  if (gone !== undefined) return `${gone.name} reports that the node is unavailable.`
  const most = metrics.reduce((greatest, each) => (each.load > greatest.load ? each : greatest))
  if (metrics.some(({ weight }) => weight !== null))
    return `${factorText(factor)}: 100 less the weighted mean of the loads. ${most.name} has the greatest.`
  return `${factorText(factor)}: 100 less the greatest load, which is that of ${most.name} (${percent(most.load)}).`
}

const factorText = (factor: number | null): string => `Load factor ${factor ?? 'unknown'}`
