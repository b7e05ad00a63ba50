// Everything on one screen: the last ten minutes, what changed in them, and the nodes with their contexts.

import { useMemo, useRef, useState } from 'preact/hooks'
import { clockText } from '../model/format.ts'
import { slotAt, slotMs, slots } from '../model/history.ts'
import { rowsOf, type Selection, type SortKey } from '../model/rows.ts'
import { type Change, changesOf, type Lane, timelineOf } from '../model/timeline.ts'
import { Charts } from './charts.tsx'
import { ContextTable } from './context-table.tsx'
import { useKey } from './keys.ts'
import { NodeTable } from './node-table.tsx'
import { nodeHref } from './route.ts'
import type { Store } from './store.ts'

const lanesMax = 6
const changesShown = 40

export const Overview = ({ store }: { readonly store: Store }) => {
  const { view, events, balancers } = store
  const [selection, setSelection] = useState<Selection>({
    filter: '',
    sort: 'node',
    isReversed: false,
  })
  const [listed, setListed] = useState<'Nodes' | 'Contexts'>('Nodes')
  const field = useRef<HTMLInputElement>(null)
  useKey('/', () => field.current?.focus())
  const slot = slotAt(store.now()) - 1
  const lanes = useMemo(() => timelineOf(events, (slot - slots + 1) * slotMs), [events, slot])
  const rows = rowsOf(view, selection)
  const sort = (key: SortKey): void =>
    setSelection((before) => ({
      ...before,
      sort: key,
      isReversed: before.sort === key ? !before.isReversed : false,
    }))
  const stickyOf = (name: string): string => {
    const balancer = balancers.find((each) => each.name === name)
    if (balancer === undefined) return ''
    return balancer.sticky
      ? `sessions stay on their node (${balancer.cookie}, ${balancer.pathParameter})`
      : 'sessions do not matter'
  }
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <div class="top">
        <Charts
          history={view.history}
          slot={slot}
          lanes={lanes}
          lanesMax={lanesMax}
          now={{ ...view.traffic, inFlight: view.inFlight }}
        />
        <Lately lanes={lanes} now={store.now()} />
      </div>
      <div class="tools">
        <div class="switch" role="group" aria-label="What to list">
          {(['Nodes', 'Contexts'] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={listed === each}
              onClick={() => setListed(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <label>
          <span class="hidden">Filter the list</span>
          <input
            ref={field}
            type="search"
            placeholder="Filter: name, state, /context, domain"
            value={selection.filter}
            onInput={({ currentTarget: { value } }) =>
              setSelection((before) => ({ ...before, filter: value }))
            }
          />
        </label>
        <span class="soft" role="status">
          {selection.filter === ''
            ? ''
            : `${rows.filter(({ kind }) => kind === 'node').length} of ${view.nodes.length}`}
        </span>
      </div>
      {listed === 'Nodes' ? (
        <NodeTable
          rows={rows}
          slot={slot}
          selection={selection}
          onSort={sort}
          stickyOf={stickyOf}
        />
      ) : (
        <ContextTable store={store} filter={selection.filter} />
      )}
    </>
  )
}

const Lately = ({ lanes, now }: { readonly lanes: readonly Lane[]; readonly now: number }) => {
  const changes = changesOf(lanes, now)
  return (
    <section class="card lately" aria-labelledby="lately">
      <h2 id="lately">What changed in ten minutes</h2>
      {changes.length === 0 ? (
        <p class="soft events">Nothing.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
        <ol class="events" tabIndex={0} aria-labelledby="lately">
          {changes.slice(0, changesShown).map((change) => (
            <ChangeLine key={`${change.at} ${change.route} ${change.kind}`} change={change} />
          ))}
        </ol>
      )}
      <p>
        <a href="#/events">All events</a>
      </p>
    </section>
  )
}

const ChangeLine = ({ change: { at, route, kind, isBad, text } }: { readonly change: Change }) => (
  <li>
    <time dateTime={new Date(at).toISOString()}>{clockText(at)}</time>
    <i class={kind === undefined ? `moment ${isBad ? 'bad' : ''}` : `band ${kind}`} />
    <span class="what">
      {route !== '' && (
        <>
          <a href={nodeHref(route)}>{route}</a>{' '}
        </>
      )}
      {text}
    </span>
  </li>
)
