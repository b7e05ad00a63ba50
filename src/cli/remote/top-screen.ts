// The screen of `topspin top` as lines of text. Pure.

import { printable } from '../../base/printable.ts'
import type { NodeView } from '../../control/api/node-view.ts'
import type { ProxyEvent } from '../../control/events/event-ring.ts'
import { nodeState } from '../../control/status-report.ts'
import { fittedTable } from '../table.ts'

export interface TopView {
  readonly control: string
  /** Wall clock, ms. */
  readonly now: number
  /** By route. */
  readonly nodes: ReadonlyMap<string, NodeView>
  readonly traffic: Readonly<Record<string, unknown>>
  /** The newest last. */
  readonly events: readonly ProxyEvent[]
  /** Index in `sortColumns`. */
  readonly sort: number
  readonly isReversed: boolean
  /** Nodes above the first line. */
  readonly offset: number
  /** Why the numbers are not new; '' when they are. */
  readonly trouble: string
}

interface TopColumn {
  readonly title: string
  readonly rank?: number
  /** Greater numbers and later texts come first unless it is text. */
  readonly value: (node: NodeView) => string | number
  readonly text: (node: NodeView) => string
}

const numberColumn = (
  title: string,
  value: (node: NodeView) => number | null,
  digits: number,
  rank?: number,
): TopColumn => ({
  title,
  ...(rank === undefined ? {} : { rank }),
  value: (node) => value(node) ?? -1,
  text: (node) => value(node)?.toFixed(digits) ?? '-',
})

export const sortColumns: readonly TopColumn[] = [
  { title: 'NODE', value: ({ route }) => route, text: ({ route }) => route.slice(0, 24) },
  {
    title: 'STATE',
    value: (node) => nodeState(node),
    text: (node) => nodeState(node).slice(0, 18),
  },
  numberColumn('REQ/S', ({ perSecond }) => perSecond, 1),
  numberColumn('ERR/S', ({ errorsPerSecond }) => errorsPerSecond, 1),
  numberColumn('P50 MS', ({ p50Ms }) => p50Ms, 1),
  numberColumn('P99 MS', ({ p99Ms }) => p99Ms, 1),
  numberColumn('IN FLIGHT', ({ inFlight }) => inFlight, 0),
  numberColumn('QUEUED', ({ queued }) => queued, 0, 4),
  numberColumn('SESSIONS', ({ sessions }) => sessions, 0, 2),
  numberColumn('FAILED', ({ failures }) => failures, 0, 1),
  numberColumn('LOAD', ({ loadFactor }) => loadFactor, 0, 3),
  numberColumn('WEIGHT', ({ weight }) => weight, 0, 5),
]

export const defaultSort: number = sortColumns.findIndex(({ title }) => title === 'REQ/S')

/** Lines of events at the end of the screen. */
const eventLines = 4
/** Lines that are no nodes: three at the top, the titles, one before the events, the keys. */
const otherLines = 6

/** Nodes that fit on the screen. */
export const nodeLines = (height: number): number =>
  Math.max(1, height - otherLines - (height >= 16 ? eventLines : 0))

/** @param width, height of the terminal. */
export function topScreen(view: TopView, width: number, height: number): readonly string[] {
  const sorted = sortedNodes(view)
  const shown = sorted.slice(view.offset, view.offset + nodeLines(height))
  const { lines } = fittedTable(
    sortColumns.map(({ title, value, rank }, index) => ({
      title: index === view.sort ? `${title}${view.isReversed ? '^' : 'v'}` : title,
      ...(typeof value(emptyNode) === 'number' ? { align: 'right' as const } : {}),
      ...(rank === undefined || index === view.sort ? {} : { rank }),
    })),
    shown.map((node) => sortColumns.map(({ text }) => text(node))),
    width,
  )
  const events = height >= 16 ? view.events.slice(-eventLines).map(eventLine) : []
  const filler = Array.from({ length: nodeLines(height) - shown.length }, () => '')
  return [
    headLine(view),
    trafficLine(view),
    view.trouble,
    ...lines,
    ...filler,
    '',
    ...events,
    ...Array.from({ length: (height >= 16 ? eventLines : 0) - events.length }, () => ''),
    keysLine(view, sorted.length, shown.length),
  ].map((line) => printable(line).slice(0, width))
}

/** Columns of numbers are told by it. */
const emptyNode = { route: '', contexts: [], perSecond: 0, health: 'up' } as unknown as NodeView

function sortedNodes({ nodes, sort, isReversed }: TopView): readonly NodeView[] {
  const value = (sortColumns[sort] ?? (sortColumns[0] as TopColumn)).value
  const sign = isReversed ? -1 : 1
  const compare = (a: NodeView, b: NodeView): number => {
    const [one, other] = [value(a), value(b)]
    const order =
      typeof one === 'number' && typeof other === 'number'
        ? other - one
        : String(one).localeCompare(String(other))
    return order === 0 ? a.route.localeCompare(b.route) : sign * order
  }
  return [...nodes.values()].sort(compare)
}

function headLine({ control, nodes, now }: TopView): string {
  const states = [...nodes.values()].map((node) => node.health)
  const down = states.filter((health) => health === 'down').length
  const time = new Date(now).toLocaleTimeString('en-GB')
  return `topspin ${control}  ${time}  ${nodes.size} nodes${down === 0 ? '' : `, ${down} down`}`
}

function trafficLine({ traffic }: TopView): string {
  const shown = (name: string, digits: number): string => {
    const value = traffic[name]
    return typeof value === 'number' ? value.toFixed(digits) : '-'
  }
  return `${shown('perSecond', 1)} requests/s  ${shown('errorsPerSecond', 1)} errors/s  p50 ${shown('p50Ms', 1)} ms  p99 ${shown('p99Ms', 1)} ms  retries ${shown('retries', 0)}`
}

function eventLine({ at, level, message, detail }: ProxyEvent): string {
  const route = typeof detail['route'] === 'string' ? ` ${detail['route']}` : ''
  const reason = typeof detail['reason'] === 'string' ? ` (${detail['reason']})` : ''
  const mark = level === 'info' ? ' ' : '!'
  return `${new Date(at).toLocaleTimeString('en-GB')} ${mark} ${message}${route}${reason}`
}

function keysLine({ offset }: TopView, all: number, shown: number): string {
  const range = all > shown ? `${offset + 1}-${offset + shown} of ${all}  ` : ''
  return `${range}q quit  left/right sort column  r reverse  up/down scroll`
}
