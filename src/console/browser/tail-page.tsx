// The last requests, as they end: off until somebody asks, and bounded.

import { useEffect, useState } from 'preact/hooks'
import type { ApiRequest } from '../model/api.ts'
import { bytesText, clockText, counted, milliseconds } from '../model/format.ts'
import { base } from './client.ts'
import { nodeHref } from './route.ts'
import { Scroll } from './scroll.tsx'

const shownMax = 300

const filterNames = ['status', 'path', 'node', 'client', 'slowerThan', 'retried'] as const
type Filter = Readonly<Record<(typeof filterNames)[number], string>>

interface Seen {
  /** The newest first. */
  readonly requests: readonly (ApiRequest & { readonly key: number })[]
  /** Too many to be shown. */
  readonly skipped: number
  readonly problem: string | undefined
}

const nothing: Seen = { requests: [], skipped: 0, problem: undefined }

const statuses: readonly (readonly [string, string])[] = [
  ['', 'any status'],
  ['2xx', '2xx'],
  ['3xx', '3xx'],
  ['4xx', '4xx'],
  ['5xx', '5xx'],
  ['0', 'client gone'],
]

const durations: readonly (readonly [string, string])[] = [
  ['', 'any time'],
  ['100', '100 ms'],
  ['500', '500 ms'],
  ['1000', '1 s'],
  ['5000', '5 s'],
  ['30000', '30 s'],
]

/** @param query of the address: a filter, and `follow=yes` to begin at once. */
export const TailPage = ({ query }: { readonly query: URLSearchParams }) => {
  const [filter, setFilter] = useState<Filter>(() => filterOf(query))
  const [isOn, setOn] = useState(query.get('follow') === 'yes')
  const [seen, setSeen] = useState<Seen>(nothing)
  useEffect(() => {
    // The address can be sent to others; the page stays as it is.
    history.replaceState(null, '', `#/tail${queryText(filter, isOn)}`)
    return isOn ? follow(filter, setSeen) : undefined
  }, [isOn, filter])
  const set = (name: keyof Filter) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget
    setFilter((before) => ({ ...before, [name]: value }))
  }
  return (
    <>
      <h1>Live tail</h1>
      <div class="card tail">
        <button type="button" class="main" onClick={() => setOn(!isOn)}>
          {isOn ? 'Stop' : 'Follow requests'}
        </button>
        <label class="field">
          Status
          <select value={filter.status} onChange={set('status')}>
            {statuses.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <FilterText
          label="Path begins with"
          placeholder="/shop"
          value={filter.path}
          onSet={set('path')}
        />
        <FilterText label="Node" placeholder="any" value={filter.node} onSet={set('node')} />
        <FilterText
          label="Client"
          placeholder="any address"
          value={filter.client}
          onSet={set('client')}
        />
        <label class="field">
          Took at least
          <select value={filter.slowerThan} onChange={set('slowerThan')}>
            {durations.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={filter.retried !== ''}
            onInput={({ currentTarget: { checked } }) =>
              setFilter((before) => ({ ...before, retried: checked ? 'yes' : '' }))
            }
          />
          retried only
        </label>
      </div>
      {seen.problem !== undefined && <p class="card refusal">{seen.problem}</p>}
      {!isOn && seen.requests.length === 0 && (
        <p class="soft">
          The proxy keeps nothing of its requests until somebody follows them. What does not fit the
          filter is not collected.
        </p>
      )}
      {isOn && seen.requests.length === 0 && <p class="soft">No request so far.</p>}
      {seen.skipped > 0 && (
        <p class="soft">{counted(seen.skipped, 'request')} more came too fast to be shown.</p>
      )}
      {seen.requests.length > 0 && <Requests seen={seen} />}
    </>
  )
}

interface TextProperties {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly onSet: (event: { currentTarget: { value: string } }) => void
}

/** Keeps what is typed while the page is drawn again; the filter changes when the field is left, or by Enter. */
const FilterText = ({ label, placeholder, value, onSet }: TextProperties) => {
  const [text, setText] = useState(value)
  return (
    <label class="field">
      {label}
      <input
        value={text}
        placeholder={placeholder}
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={onSet}
      />
    </label>
  )
}

const filterOf = (query: URLSearchParams): Filter =>
  Object.fromEntries(filterNames.map((name) => [name, query.get(name) ?? ''])) as Filter

function queryText(filter: Filter, isOn: boolean): string {
  const given = Object.entries({ ...filter, follow: isOn ? 'yes' : '' })
  const query = new URLSearchParams(given.filter(([, value]) => value !== ''))
  return query.size === 0 ? '' : `?${query}`
}

/** @returns ends it. */
function follow(filter: Filter, setSeen: (change: (before: Seen) => Seen) => void): () => void {
  setSeen(() => nothing)
  const source = new EventSource(`${base}/requests/stream${queryText(filter, false)}`)
  let waiting: ApiRequest[] = []
  let skipped = 0
  let count = 0
  source.addEventListener('request', ({ data }) => {
    waiting.push(JSON.parse(data) as ApiRequest)
    if (waiting.length <= shownMax) return
    waiting.shift()
    skipped++
  })
  source.addEventListener('skipped', ({ data }) => {
    skipped += (JSON.parse(data) as { requests: number }).requests
  })
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED)
      setSeen((before) => ({ ...before, problem: 'the proxy does not show its requests now' }))
  })
  const timer = setInterval(() => {
    if (waiting.length === 0 && skipped === 0) return
    const [added, more] = [waiting.reverse().map((each) => ({ ...each, key: ++count })), skipped]
    waiting = []
    skipped = 0
    setSeen(({ requests, skipped: before }) => ({
      requests: [...added, ...requests].slice(0, shownMax),
      skipped: before + more,
      problem: undefined,
    }))
  }, drawEveryMs)
  return () => {
    clearInterval(timer)
    source.close()
  }
}

const drawEveryMs = 500

const Requests = ({ seen }: { readonly seen: Seen }) => (
  <div class="card">
    <Scroll label="Requests">
      <table class="requests">
        <thead>
          <tr>
            <th scope="col">time</th>
            <th scope="col">status</th>
            <th scope="col">request</th>
            <th scope="col">node</th>
            <th scope="col" class="number">
              time taken
            </th>
            <th scope="col" class="number">
              attempts
            </th>
            <th scope="col" class="number">
              sent
            </th>
            <th scope="col">client</th>
          </tr>
        </thead>
        <tbody>
          {seen.requests.map((request) => (
            <tr key={request.key}>
              <td class="soft">{clockText(Date.parse(request.at))}</td>
              <td class={request.status >= 500 || request.status === 0 ? 'bad' : ''}>
                {request.status === 0 ? 'gone' : request.status}
                {request.code !== '' && <span class="soft"> {request.code}</span>}
              </td>
              <td class="target">
                {request.method}{' '}
                <a href={explainHref(request)} title="Explain this request">
                  {request.host}
                  {request.target}
                </a>
              </td>
              <td>
                {request.route !== '' && <a href={nodeHref(request.route)}>{request.route}</a>}
              </td>
              <td class="number">{milliseconds(request.durationMs)}</td>
              <td class={request.attempts > 1 ? 'number bad more' : 'number more'}>
                {request.attempts}
              </td>
              <td class="number more">{bytesText(request.bytes)}</td>
              <td class="soft more">{request.client}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  </div>
)

function explainHref({ method, host, target, client }: ApiRequest): string {
  const url = /^https?:/i.test(target) ? target : `http://${host}${target}`
  return `#/explain?${new URLSearchParams({ url, client, ...(method === 'GET' ? {} : { method }) })}`
}
