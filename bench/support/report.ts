// The table of one case.

import { alignTable, type Column } from '../../src/cli/table.ts'
import type { Case } from '../cases/case.ts'
import type { Row } from './compare.ts'
import type { Figures } from './load.ts'

interface ShownColumn extends Column {
  /** NaN: this case does not measure it. */
  readonly figure: (figures: Figures, topspin: Figures | undefined) => number
  readonly digits: number
}

const columns: readonly ShownColumn[] = [
  { title: 'req/s', digits: 0, figure: (it) => it.requestsPerSecond },
  { title: 'p50 ms', digits: 2, figure: (it) => it.p50Ms },
  { title: 'p99 ms', digits: 2, figure: (it) => it.p99Ms },
  { title: 'CPU µs/req', digits: 1, figure: (it) => it.cpuMicros },
  {
    title: 'CPU / Topspin',
    digits: 2,
    figure: (it, topspin) => it.cpuMicros / (topspin?.cpuMicros ?? Number.NaN),
  },
  { title: 'memory MB', digits: 1, figure: (it) => it.memoryBytes / 1e6 },
  { title: 'each KB', digits: 1, figure: (it) => (it.memoryEachBytes ?? Number.NaN) / 1_024 },
]

/** Title, a line for each proxy, and every error. */
export function tableOf(what: Case, rows: readonly Row[]): string {
  const topspin = rows.find((row) => row.name === 'topspin')?.median
  const measured = rows.flatMap((row) => row.median ?? [])
  const shown = columns.filter((column) =>
    measured.some((figures) => !Number.isNaN(column.figure(figures, figures))),
  )
  const lines = alignTable(
    [{ title: '' }, ...shown.map((column) => ({ title: column.title, align: 'right' as const }))],
    rows.map(({ name, version, median }) => [
      `${name} ${version}`,
      ...shown.map((column) =>
        median === undefined ? '-' : number(column.figure(median, topspin), column.digits),
      ),
    ]),
  )
  const errors = rows.flatMap((row) => row.errors.map((error) => `! ${row.name}: ${error}`))
  return [`${what.title} [${what.name}]`, ...lines, ...errors].join('\n')
}

function number(value: number, digits: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(digits)
}
