// The last requests, as they end: off until somebody asks, and bounded.

import { useEffect, useState } from 'preact/hooks'
import type { ApiRequest } from '../model/api.ts'
import { bytesText, clockText, counted, milliseconds } from '../model/format.ts'
import { base } from './client.ts'
import { nodeHref } from './route.ts'
import { Scroll } from './scroll.tsx'

const shownMax = 300

interface Filter {
  readonly status: string
  readonly path: string
  readonly node: string
}

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

export const TailPage = () => {
  const [filter, setFilter] = useState<Filter>({ status: '', path: '', node: '' })
  const [isOn, setOn] = useState(false)
  const [seen, setSeen] = useState<Seen>(nothing)
  useEffect(() => (isOn ? follow(filter, setSeen) : undefined), [isOn, filter])
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
        <label class="field">
          Path begins with
          <input value={filter.path} placeholder="/shop" onChange={set('path')} />
        </label>
        <label class="field">
          Node
          <input value={filter.node} placeholder="any" onChange={set('node')} />
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

/** @returns ends it. */
function follow(filter: Filter, setSeen: (change: (before: Seen) => Seen) => void): () => void {
  setSeen(() => nothing)
  const given = Object.entries(filter).filter(([, value]) => value !== '')
  const query = new URLSearchParams(given.map(([name, value]) => [name, value]))
  const source = new EventSource(`${base}/requests/stream${given.length > 0 ? `?${query}` : ''}`)
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
              <td class={request.attempts > 1 ? 'number bad' : 'number'}>{request.attempts}</td>
              <td class="number">{bytesText(request.bytes)}</td>
              <td class="soft">{request.client}</td>
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
