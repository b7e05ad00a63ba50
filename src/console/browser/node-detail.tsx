// What the proxy asked of a node and did not get, and what the node said when it registered.

import { useState } from 'preact/hooks'
import type { ApiNodeDetail } from '../model/api.ts'
import { dayAndClock, duration, numberText } from '../model/format.ts'

/** Failures that are shown before somebody asks for the rest. */
const failuresShown = 8

export const Failures = ({ detail }: { readonly detail: ApiNodeDetail }) => {
  const [isOpen, setOpen] = useState(false)
  const all = detail.recentFailures.toReversed()
  const failures = isOpen ? all : all.slice(0, failuresShown)
  return (
    <section class="card" aria-labelledby="failures">
      <h2 id="failures">Last failures</h2>
      {failures.length === 0 ? (
        <p class="soft">No attempt has failed, and no probe.</p>
      ) : (
        <ol class="events">
          {failures.map(({ at, code, reason, request }) => (
            <li key={`${at} ${code} ${request}`}>
              <time dateTime={at}>{dayAndClock(Date.parse(at), Date.now())}</time>
              <span class="what">
                <b>{code}</b> {request} <span class="soft">{reason}</span>
              </span>
            </li>
          ))}
        </ol>
      )}
      {all.length > failuresShown && (
        <button type="button" class="quiet" onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show fewer' : `Show ${all.length - failuresShown} more`}
        </button>
      )}
    </section>
  )
}

export const Registered = ({ detail }: { readonly detail: ApiNodeDetail }) => {
  const { from, settings, responses } = detail
  const rows = [
    ['from', from ?? 'the configuration'],
    ...Object.entries(settings).map(([name, value]) => settingText(name, value)),
    ...Object.entries(responses).map(([name, count]) => [`responses ${name}`, numberText(count)]),
  ]
  return (
    <section class="card" aria-labelledby="registered">
      <h2 id="registered">Registration and responses</h2>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Names and values as people say them; those that are not known here stay as they are. */
function settingText(name: string, value: unknown): readonly [string, string] {
  switch (name) {
    case 'reversed':
      return ['reversed', value === true ? 'yes' : 'no']
    case 'flushPackets':
      return ['flush packets', String(value)]
    case 'smax':
      return ['idle connections kept', value === -1 ? 'default' : String(value)]
    case 'flushWaitMs':
      return ['flush after', duration(Number(value))]
    case 'pingMs':
      return ['ping timeout', duration(Number(value))]
    case 'ttlMs':
      return ['idle connections end', `after ${duration(Number(value))}`]
    case 'timeoutMs':
      return ['response timeout', value === 0 ? 'default' : duration(Number(value))]
    default:
      return [name, String(value)]
  }
}
