// The contexts of all nodes: which are served by how many, and how their requests go.

import type { ApiApplication } from '../model/api.ts'
import { type ContextRow, contextRows } from '../model/context-rows.ts'
import { listText } from '../model/format.ts'
import { FigureCells } from './figure-cells.tsx'
import { memo } from './memo.ts'
import { StateText } from './shapes.tsx'
import type { Store } from './store.ts'
import { useRead } from './use-read.ts'
import { useNarrow, Windowed } from './windowed.tsx'

interface Properties {
  readonly store: Store
  readonly filter: string
}

const everyMs = 2_000
const rowHeights = { wide: 32, narrow: 92 } as const
const columns: readonly (readonly [string, string])[] = [
  ['context', 'name'],
  ['state', 'word'],
  ['in flight', 'number'],
  ['requests/s', 'number'],
  ['p50', 'number median'],
  ['p99', 'number'],
  ['errors/s', 'number'],
  ['nodes', 'contexts'],
]

export const ContextTable = ({ store, filter }: Properties) => {
  const { answer } = useRead<{ applications: readonly ApiApplication[] }>('/applications', everyMs)
  const isNarrow = useNarrow()
  const rows = contextRows(store.view, answer?.applications ?? [], filter)
  return (
    <div class="nodes card" role="table" aria-label="Contexts" aria-rowcount={rows.length + 1}>
      <div role="rowgroup" class="heads">
        <div role="row" class="row context-row head" aria-rowindex={1}>
          {columns.map(([title, kind]) => (
            <span role="columnheader" key={title} class={`cell ${kind}`}>
              {title}
            </span>
          ))}
        </div>
      </div>
      {rows.length === 0 && (
        <p class="none soft">
          {filter === '' ? 'No context is registered.' : 'No context fits the filter.'}
        </p>
      )}
      <Windowed
        rows={rows}
        rowHeight={isNarrow ? rowHeights.narrow : rowHeights.wide}
        draw={(row, index) => (
          <Row key={`${row.balancer} ${row.path}`} row={row} index={index + 2} />
        )}
      />
    </div>
  )
}

function stateOf({
  enabled,
  disabled,
  stopped,
}: ContextRow): Parameters<typeof StateText>[0]['state'] {
  const all = enabled.length + disabled.length + stopped.length
  const word = `${enabled.length} of ${all}`
  if (enabled.length === all)
    return { word, tone: 'good', shape: 'full', sentence: 'enabled on all its nodes' }
  if (enabled.length > 0)
    return { word, tone: 'good', shape: 'half', sentence: 'enabled on some of its nodes' }
  return disabled.length > 0
    ? { word, tone: 'wait', shape: 'half', sentence: 'for existing sessions only' }
    : { word, tone: 'bad', shape: 'hollow', sentence: 'no node serves it' }
}

const Row = memo<{ readonly row: ContextRow; readonly index: number }>(
  ({ row, index }) => (
    <div role="row" aria-rowindex={index} class="row context-row node">
      <span role="cell" class="cell name">
        <b>{row.path}</b> <span class="soft">{row.balancer}</span>
      </span>
      <span role="cell" class="cell word">
        <StateText state={stateOf(row)} />
      </span>
      <FigureCells figures={row} />
      <span role="cell" class="cell contexts">
        {[
          row.enabled.length > 0 ? listText(row.enabled) : '',
          row.disabled.length > 0 ? `disabled on ${listText(row.disabled)}` : '',
          row.stopped.length > 0 ? `stopped on ${listText(row.stopped)}` : '',
        ]
          .filter((part) => part !== '')
          .join('; ')}
      </span>
    </div>
  ),
  ({ row, index }) => `${JSON.stringify(row)} ${index}`,
)
