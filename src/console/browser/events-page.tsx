// All events that the proxy keeps, and the actions of operators with their undo.

import { useMemo, useRef, useState } from 'preact/hooks'
import type { ApiAction } from '../model/api.ts'
import { byText, doneText } from '../model/consequences.ts'
import { groupsOf } from '../model/event-text.ts'
import { dayAndClock } from '../model/format.ts'
import { useKey } from './keys.ts'
import { EventList } from './recent.tsx'
import type { Store } from './store.ts'

const pageOf = 200

export const EventsPage = ({ store }: { readonly store: Store }) => {
  const { events, actions } = store
  const [filter, setFilter] = useState('')
  const [isBadOnly, setBadOnly] = useState(false)
  const [shown, setShown] = useState(pageOf)
  const field = useRef<HTMLInputElement>(null)
  useKey('/', () => field.current?.focus())
  const groups = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/)
    return groupsOf(events).filter(({ level, route, text, cause, facts }) => {
      const line = `${route} ${text} ${cause} ${facts}`.toLowerCase()
      return (!isBadOnly || level !== 'info') && words.every((word) => line.includes(word))
    })
  }, [events, filter, isBadOnly])
  return (
    <>
      <h1>Events</h1>
      {actions.length > 0 && (
        <section class="card" aria-labelledby="actions">
          <h2 id="actions">What operators did</h2>
          <Actions store={store} actions={actions} />
        </section>
      )}
      <section class="card" aria-labelledby="all-events">
        <div class="tools">
          <h2 id="all-events">What happened</h2>
          <label>
            <span class="hidden">Filter events</span>
            <input
              ref={field}
              type="search"
              placeholder="Filter: node, word"
              value={filter}
              onInput={({ currentTarget: { value } }) => setFilter(value)}
            />
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={isBadOnly}
              onInput={({ currentTarget: { checked } }) => setBadOnly(checked)}
            />
            warnings and errors only
          </label>
        </div>
        {groups.length === 0 ? (
          <p class="soft">No events.</p>
        ) : (
          <EventList groups={groups.slice(0, shown)} />
        )}
        {groups.length > shown && (
          <button type="button" class="quiet" onClick={() => setShown(shown + pageOf)}>
            Show older ones
          </button>
        )}
      </section>
    </>
  )
}

const actionsShown = 20

const Actions = ({
  store,
  actions,
}: {
  readonly store: Store
  readonly actions: readonly ApiAction[]
}) => {
  const undone = new Set(actions.map(({ undoes }) => undoes))
  return (
    <ol class="events">
      {actions
        .slice(-actionsShown)
        .reverse()
        .map((action) => (
          <li key={action.id}>
            <time dateTime={action.at}>{dayAndClock(Date.parse(action.at), Date.now())}</time>
            <span class="what">
              {doneText(action)} <span class="soft">{byText(action)}</span>
              {action.undoes !== undefined && (
                <span class="soft"> · undoes action {action.undoes}</span>
              )}
            </span>
            {!store.isReader &&
              action.undo !== null &&
              !undone.has(action.id) &&
              action.action !== 'undo' && (
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Undo: ${doneText(action)}`}
                  onClick={() => action.undo !== null && void store.undo(action.undo)}
                >
                  Undo
                </button>
              )}
          </li>
        ))}
    </ol>
  )
}
