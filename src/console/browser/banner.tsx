// What is wrong, in words, on top of each page; one calm line when nothing is.

import { useEffect, useState } from 'preact/hooks'
import { counted, duration, numberText } from '../model/format.ts'
import { nodeState } from '../model/node-state.ts'
import { type Problem, problemsOf } from '../model/problems.ts'
import { nodeHref } from './route.ts'
import { Mark } from './shapes.tsx'
import type { Store } from './store.ts'

const shapes = { bad: 'cross', wait: 'triangle', off: 'half' } as const
const shown = 5
/** A stream that opens within this is no problem, ms. */
const patienceMs = 2_000

export const Banner = ({ store }: { readonly store: Store }) => {
  const { view, isLive, isLoaded, lostAt } = store
  const problems = isLoaded ? problemsOf(view, store, store.now()) : []
  const lostMs = isLive ? 0 : Date.now() - lostAt
  const all: readonly Problem[] = lostMs > patienceMs ? [lost(lostMs), ...problems] : problems
  const [isOpen, setOpen] = useState(false)
  const listed = isOpen ? all : all.slice(0, shown)
  return (
    <section class="banner" aria-label="State of the cluster">
      {all.length === 0 ? (
        <p class="well">
          <Mark state={isLoaded && store.view.nodes.length > 0 ? good : waiting} />
          {isLoaded ? wellText(store) : 'Reading the state of the cluster'}
        </p>
      ) : (
        <ul>
          {listed.map(({ key, tone, text, route, page }) => (
            <li key={key} class={tone}>
              <Mark state={{ shape: shapes[tone], tone }} />
              {route === undefined && page === undefined ? (
                text
              ) : (
                <a href={route === undefined ? `#/${page}` : nodeHref(route)}>{text}</a>
              )}
            </li>
          ))}
        </ul>
      )}
      {all.length > shown && (
        <button type="button" class="quiet" onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show fewer' : `Show ${all.length - shown} more`}
        </button>
      )}
      <Announcer problems={all} />
    </section>
  )
}

/** Tells screen readers when there are other problems, and not when only their figures have changed. */
const Announcer = ({ problems }: { readonly problems: readonly Problem[] }) => {
  const keys = problems.map(({ key }) => key).join('\n')
  const [text, setText] = useState('')
  // The texts change with each second, the keys do not.
  useEffect(() => {
    setText(
      problems.length === 0 ? 'Everything is well' : problems.map((each) => each.text).join('. '),
    )
  }, [keys])
  return (
    <p class="hidden" role="status">
      {text}
    </p>
  )
}

const good = { shape: 'full', tone: 'good' } as const
const waiting = { shape: 'diamond', tone: 'wait' } as const

const lost = (ms: number): Problem => ({
  key: 'lost',
  tone: 'bad',
  text: `No connection to the proxy for ${duration(ms)}: the figures are old. The console tries again by itself`,
})

function wellText({ view }: Store): string {
  const { nodes } = view
  if (nodes.length === 0)
    return 'No node has registered yet. Start topspin agent beside a server, or call joinCluster in its code.'
  const serving = nodes.filter(({ fields }) => nodeState(fields).tone === 'good')
  const rate = numberText(view.traffic.perSecond)
  return `Everything is well: ${serving.length} of ${counted(nodes.length, 'node')} up, ${rate} requests/s.`
}
