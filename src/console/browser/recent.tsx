// The newest events, one line each.

import type { EventGroup } from '../model/event-text.ts'
import { dayAndClock } from '../model/format.ts'
import { nodeHref } from './route.ts'
import { Mark } from './shapes.tsx'

const marks = {
  info: { shape: 'full', tone: 'off' },
  warn: { shape: 'triangle', tone: 'wait' },
  error: { shape: 'cross', tone: 'bad' },
} as const

export const EventList = ({ groups }: { readonly groups: readonly EventGroup[] }) => (
  <ol class="events">
    {groups.map(({ id, at, level, route, text, cause, facts }) => (
      <li key={id}>
        <time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()}>
          {dayAndClock(at, Date.now())}
        </time>
        <Mark state={marks[level]} />
        <span class="what">
          {route !== '' && (
            <>
              <a href={nodeHref(route)}>{route}</a>{' '}
            </>
          )}
          {text}
          {level !== 'info' && (
            <span class="hidden"> ({level === 'warn' ? 'warning' : 'error'})</span>
          )}
          {(cause !== '' || facts !== '') && (
            <span class="soft"> {[cause, facts].filter((part) => part !== '').join(' · ')}</span>
          )}
        </span>
      </li>
    ))}
  </ol>
)
