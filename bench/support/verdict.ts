// Does Topspin meet the bars of a case?

import type { Bar, Case, Measure } from '../cases/case.ts'
import type { Row } from './compare.ts'

export interface Verdict {
  readonly level: Bar['level']
  readonly bar: string
  /** Absent when it could not be measured. */
  readonly value: number | undefined
  readonly result: 'met' | 'missed' | 'not measured'
  /** Why it was not measured, or is in doubt. */
  readonly note: string
}

const units: Record<Measure, { readonly name: string; readonly bytes: number }> = {
  cpuMicros: { name: 'µs', bytes: 1 },
  memoryBytes: { name: 'MB', bytes: 1e6 },
  memoryEachBytes: { name: 'KB', bytes: 1_024 },
}

export function verdictsOf(what: Case, rows: readonly Row[]): readonly Verdict[] {
  return what.bars.map((bar) => verdictOn(bar, rows))
}

function verdictOn(bar: Bar, rows: readonly Row[]): Verdict {
  const { against = [] } = bar
  const names = ['topspin', ...against]
  const figureOf = (name: string): number | undefined =>
    rows.find((row) => row.name === name)?.median?.[bar.measure]
  const own = figureOf('topspin')
  const others = against.map(figureOf).filter((figure) => figure !== undefined)
  const other = others.length === 0 ? undefined : Math.min(...others)
  const { name: unit, bytes } = units[bar.measure]
  const text =
    bar.against === undefined
      ? `<= ${round(bar.atMost / bytes)} ${unit}`
      : `<= ${round(bar.atMost)} x ${against.length > 1 ? 'the better of ' : ''}${against.join(', ')}`
  const value = bar.against === undefined ? own : quotient(own, other)
  const shown = value === undefined ? value : bar.against === undefined ? value / bytes : value
  if (value === undefined || shown === undefined) {
    const missing = names.filter((name) => figureOf(name) === undefined)
    return {
      level: bar.level,
      bar: text,
      value: undefined,
      result: 'not measured',
      note: `no figures of ${missing.join(' and ')}`,
    }
  }
  const troubled = names.filter((name) =>
    rows.some((row) => row.name === name && row.errors.length),
  )
  return {
    level: bar.level,
    bar: text,
    value: shown,
    result: value <= bar.atMost ? 'met' : 'missed',
    note: troubled.length === 0 ? '' : `in doubt: errors of ${troubled.join(' and ')}`,
  }
}

function quotient(own: number | undefined, other: number | undefined): number | undefined {
  return own === undefined || other === undefined || other === 0 ? undefined : own / other
}

export function verdictLine(verdict: Verdict): string {
  const value = verdict.value === undefined ? '' : `${round(verdict.value)} `
  const note = verdict.note === '' ? '' : ` (${verdict.note})`
  return `${verdict.level} ${verdict.bar}: ${value}${verdict.result}${note}`
}

function round(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2)
}
