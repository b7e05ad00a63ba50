// Balancers, domains and nodes with their contexts: a table on wide screens, cards on narrow ones.

import type { NodeView } from '../model/cluster-view.ts'
import { listText, numberText } from '../model/format.ts'
import { contextStates, nodeState, pathsOf, whoseStatus } from '../model/node-state.ts'
import { type Group, type Row, roomText, type Selection, type SortKey } from '../model/rows.ts'
import { FigureCells } from './figure-cells.tsx'
import { memo } from './memo.ts'
import { nodeHref } from './route.ts'
import { Mark, StateText } from './shapes.tsx'
import { Sparkline } from './sparkline.tsx'
import { useNarrow, Windowed } from './windowed.tsx'

interface Properties {
  readonly rows: readonly Row[]
  readonly slot: number
  readonly selection: Selection
  readonly onSort: (key: SortKey) => void
  readonly stickyOf: (balancer: string) => string
}

const rowHeights = { wide: 32, narrow: 92 } as const

const columns: readonly (readonly [SortKey | undefined, string, string])[] = [
  ['node', 'node', 'name'],
  ['state', 'state', 'word'],
  ['load', 'load factor', 'load'],
  ['inFlight', 'in flight', 'number'],
  ['requests', 'requests/s', 'number'],
  [undefined, 'p50', 'number median'],
  ['latency', 'p99', 'number'],
  ['errors', 'errors/s', 'number'],
  [undefined, 'ten minutes', 'trend'],
  [undefined, 'contexts', 'contexts'],
]

export const NodeTable = ({ rows, slot, selection, onSort, stickyOf }: Properties) => {
  const isNarrow = useNarrow()
  const { sort, isReversed } = selection
  // Names begin with A, figures with the greatest.
  const isAscending = (sort === 'node') !== isReversed
  return (
    <div class="nodes card" role="table" aria-label="Nodes" aria-rowcount={rows.length + 1}>
      <div role="rowgroup" class="heads">
        <div role="row" class="row head" aria-rowindex={1}>
          {columns.map(([key, title, kind]) => (
            <span
              role="columnheader"
              key={title}
              class={`cell ${kind}`}
              {...(key === sort ? { 'aria-sort': isAscending ? 'ascending' : 'descending' } : {})}
            >
              {key === undefined ? (
                title
              ) : (
                <button type="button" onClick={() => onSort(key)}>
                  {title}
                  <span aria-hidden="true">{key === sort ? (isAscending ? ' ↑' : ' ↓') : ''}</span>
                </button>
              )}
            </span>
          ))}
        </div>
      </div>
      {rows.length === 0 && (
        <p class="none soft">
          {selection.filter === '' ? 'No node is registered.' : 'No node fits the filter.'}
        </p>
      )}
      <Windowed
        rows={rows}
        rowHeight={isNarrow ? rowHeights.narrow : rowHeights.wide}
        draw={(row, index) =>
          row.kind === 'group' ? (
            <GroupRow
              key={row.key}
              group={row.group}
              index={index + 2}
              note={[
                roomText(row.group),
                row.group.domain === undefined ? stickyOf(row.group.balancer) : '',
              ]
                .filter((part) => part !== '')
                .join(' · ')}
            />
          ) : (
            <NodeRow
              key={row.key}
              view={row.view}
              revision={row.view.revision}
              slot={slot}
              index={index + 2}
            />
          )
        }
      />
    </div>
  )
}

interface GroupProperties {
  readonly group: Group
  readonly index: number
  readonly note: string
}

const GroupRow = memo<GroupProperties>(
  ({ group: { balancer, domain, nodes, up, inFlight, requestRate }, index, note }) => (
    <div
      role="row"
      aria-rowindex={index}
      class={domain === undefined ? 'row group' : 'row group domain'}
    >
      <span role="cell" class="cell name">
        <span class="soft">{domain === undefined ? 'balancer' : 'domain'}</span>{' '}
        <b>{domain === undefined ? balancer : domain === '' ? 'none' : domain}</b>
      </span>
      <span role="cell" class="cell word">
        {up} of {nodes} up
      </span>
      <span role="cell" class="cell load" />
      <span role="cell" class="cell number" data-name="in flight">
        {numberText(inFlight)}
      </span>
      <span role="cell" class="cell number" data-name="requests/s">
        {numberText(requestRate)}
      </span>
      <span role="cell" class="cell rest soft">
        {note}
      </span>
    </div>
  ),
  ({ group, index, note }) => `${JSON.stringify(group)} ${index} ${note}`,
)

interface NodeProperties {
  readonly view: NodeView
  readonly revision: number
  readonly slot: number
  readonly index: number
}

const NodeRow = memo<NodeProperties>(
  ({ view, slot, index }) => {
    const { fields, history } = view
    return (
      <div role="row" aria-rowindex={index} class="row node">
        <span role="cell" class="cell name">
          <a href={nodeHref(fields.route)}>{fields.route}</a>{' '}
          <span class="soft address">
            {fields.host}:{fields.port}
          </span>
        </span>
        <span role="cell" class="cell word">
          <StateText state={nodeState(fields)} />
        </span>
        <span role="cell" class="cell load" data-name="load factor">
          <LoadBar factor={fields.loadFactor} />
        </span>
        <FigureCells figures={fields}>
          {fields.queued > 0 && <span class="soft"> +{fields.queued}</span>}
        </FigureCells>
        <span role="cell" class="cell trend">
          <Sparkline
            values={history.read('requests', slot)}
            errors={history.read('errors', slot)}
          />
        </span>
        <span role="cell" class="cell contexts">
          <Contexts view={view} />
        </span>
      </div>
    )
  },
  ({ view, revision, slot, index }) => `${view.fields.route} ${revision} ${slot} ${index}`,
)

export const LoadBar = ({ factor }: { readonly factor: number | null }) => (
  <span class="load-bar">
    <i aria-hidden="true">
      <b style={{ width: `${Math.min(100, Math.max(0, factor ?? 0))}%` }} />
    </i>
    {factor ?? '–'}
  </span>
)

/** Contexts that get a word each; more are counted. */
const contextsShown = 4
/** Characters of a path that is shortened where there is no room. */
const longFrom = 12

const Contexts = ({ view: { fields } }: { readonly view: NodeView }) => {
  const contexts = pathsOf(fields.contexts)
  // A word that the whole node has already is not repeated.
  const { word } = nodeState(fields)
  const shown = contexts.slice(0, contextsShown)
  const more = contexts.slice(contextsShown)
  if (contexts.length === 0) return <span class="soft">no contexts</span>
  return (
    <>
      {shown.map((context) => {
        const state = contextStates[context.status]
        const whose = whoseStatus(context)
        return (
          <span
            key={`${context.status} ${whose} ${context.path}`}
            class={`context ${state.tone}${context.path.length > longFrom ? ' long' : ''}`}
            title={`${context.path} on ${listText(context.aliases, 8)} is ${state.word} ${whose}`.trimEnd()}
          >
            <Mark state={state} />
            <span class="path">{context.path}</span>
            {context.status !== 'ENABLED' && state.word !== word && (
              <span class="state-word"> {state.word}</span>
            )}
          </span>
        )
      })}
      {more.length > 0 && (
        <span
          class="soft"
          title={listText(
            more.map(({ path }) => path),
            12,
          )}
        >
          +{more.length}
        </span>
      )}
    </>
  )
}
