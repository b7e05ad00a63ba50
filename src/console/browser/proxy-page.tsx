// The proxy itself: where it listens, its processes, its certificates, and its configuration with the origin of each value.

import { useMemo, useState } from 'preact/hooks'
import type { ApiCertificate, ApiConfigurationValue, ApiListener, ApiWorker } from '../model/api.ts'
import { expiresSoon } from '../model/certificate-age.ts'
import { duration, listText, numberText } from '../model/format.ts'
import { valueText } from '../model/value-text.ts'
import { failureText, post } from './client.ts'
import { Scroll } from './scroll.tsx'
import type { Store } from './store.ts'
import { useRead } from './use-read.ts'

const everyMs = 10_000

export const ProxyPage = ({ store }: { readonly store: Store }) => {
  const { answer: listeners } = useRead<{ listeners: readonly ApiListener[] }>(
    '/listeners',
    everyMs,
  )
  const { answer: workers } = useRead<{ workers: readonly ApiWorker[] }>('/workers', everyMs)
  return (
    <>
      <h1>Proxy</h1>
      <div class="columns">
        <section class="card" aria-labelledby="listeners">
          <h2 id="listeners">Listeners</h2>
          <Scroll label="Table of listeners">
            <table>
              <thead>
                <tr>
                  <th scope="col">address</th>
                  <th scope="col">for</th>
                  <th scope="col">protocols</th>
                </tr>
              </thead>
              <tbody>
                {(listeners?.listeners ?? []).map(({ use, address, tls, http2 }) => (
                  <tr key={`${use} ${address}`}>
                    <th scope="row">{address}</th>
                    <td>{use}</td>
                    <td>
                      {[tls ? 'TLS' : 'plain', http2 ? 'HTTP/2' : 'HTTP/1.1 only'].join(', ')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
        <section class="card" aria-labelledby="workers">
          <h2 id="workers">Traffic processes</h2>
          {workers !== undefined && workers.workers.length === 0 ? (
            <p class="soft">One process does everything.</p>
          ) : (
            <Scroll label="Table of processes">
              <table>
                <thead>
                  <tr>
                    <th scope="col">process</th>
                    <th scope="col" class="number">
                      connections
                    </th>
                    <th scope="col" class="number">
                      requests
                    </th>
                    <th scope="col" class="number">
                      replaced
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {(workers?.workers ?? []).map((worker, index) => (
                    <tr key={`${index} ${worker.pid}`}>
                      <th scope="row">{worker.pid ?? 'being replaced'}</th>
                      <td class="number">{numberText(worker.connections)}</td>
                      <td class="number">{numberText(worker.requests)}</td>
                      <td class="number">{worker.restarts}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
        </section>
      </div>
      <Certificates store={store} />
      <Configuration store={store} />
    </>
  )
}

/** The first to expire on top. */
const Certificates = ({ store: { certificates } }: { readonly store: Store }) => {
  const sorted = certificates.toSorted((a, b) => endOf(a) - endOf(b))
  return certificates.length === 0 ? null : (
    <section class="card" aria-labelledby="certificates">
      <h2 id="certificates">Certificates</h2>
      <Scroll label="Table of certificates">
        <table>
          <thead>
            <tr>
              <th scope="col">names</th>
              <th scope="col">expires</th>
              <th scope="col">from</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((certificate) => (
              <tr key={certificate.names.join(' ')}>
                <th scope="row">{listText(certificate.names)}</th>
                <td>
                  <Expiry certificate={certificate} />
                </td>
                <td>
                  {certificate.source === 'acme' ? 'the proxy renews it' : 'a file'}
                  {certificate.issuer !== null && (
                    <span class="soft">, issued by {certificate.issuer}</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
}

/** Those that are not there yet come first. */
const endOf = ({ notAfter }: ApiCertificate): number =>
  notAfter === null ? 0 : Date.parse(notAfter)

const Expiry = ({ certificate }: { readonly certificate: ApiCertificate }) => {
  if (certificate.notAfter === null) return <span class="state wait">not there yet</span>
  const now = Date.now()
  const left = endOf(certificate) - now
  const tone = left <= 0 ? 'state bad' : expiresSoon(certificate, now) ? 'state wait' : ''
  return (
    <>
      <span class={tone}>{left <= 0 ? 'has expired' : `in ${duration(left)}`}</span>{' '}
      <span class="soft">{certificate.notAfter.slice(0, 10)}</span>
    </>
  )
}

interface Reloaded {
  readonly changed?: readonly string[]
}

const Configuration = ({ store }: { readonly store: Store }) => {
  const mayRead = store.proxy !== undefined && !store.isReader
  const { answer, problem } = useRead<{ values: readonly ApiConfigurationValue[] }>(
    mayRead ? '/configuration' : undefined,
    everyMs,
  )
  const [filter, setFilter] = useState('')
  const [isAll, setAll] = useState(false)
  const values = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/)
    return (answer?.values ?? []).filter(({ key, value, source }) => {
      const text = `${key} ${valueText(value)} ${source}`.toLowerCase()
      return (isAll || source !== 'default') && words.every((word) => text.includes(word))
    })
  }, [answer, filter, isAll])
  const reload = async (): Promise<void> => {
    try {
      const { changed = [] } = await post<Reloaded>('/reload')
      const text = changed.length === 0 ? 'nothing has changed' : `changed: ${listText(changed)}`
      store.notify({ tone: 'good', text: `The configuration was read again; ${text}.`, undo: null })
    } catch (error) {
      store.notify({ tone: 'bad', text: `Not reloaded: ${failureText(error)}.`, undo: null })
    }
  }
  if (store.isReader)
    return (
      <section class="card" aria-labelledby="configuration">
        <h2 id="configuration">Configuration in force</h2>
        <p class="soft">It is shown to operators: log in with the token of one.</p>
      </section>
    )
  return (
    <section class="card" aria-labelledby="configuration">
      <div class="tools">
        <h2 id="configuration">Configuration in force</h2>
        <label>
          <span class="hidden">Filter keys</span>
          <input
            type="search"
            placeholder="Filter: key, value, origin"
            value={filter}
            onInput={({ currentTarget: { value } }) => setFilter(value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isAll}
            onInput={({ currentTarget: { checked } }) => setAll(checked)}
          />
          defaults, too
        </label>
        <button type="button" onClick={() => void reload()}>
          Reload
        </button>
      </div>
      {problem !== undefined && <p class="refusal">{problem}</p>}
      {answer !== undefined && values.length === 0 && <p class="soft">All values are defaults.</p>}
      {values.length > 0 && (
        <Scroll label="Table of values">
          <table>
            <thead>
              <tr>
                <th scope="col">key</th>
                <th scope="col">value</th>
                <th scope="col">origin</th>
              </tr>
            </thead>
            <tbody>
              {values.map(({ key, value, source, place, restart }) => (
                <tr key={key}>
                  <th scope="row">
                    <code>{key}</code>
                  </th>
                  <td>
                    <code>{valueText(value)}</code>
                  </td>
                  <td class="origin">
                    {source} {place !== null && <span class="soft">{place}</span>}
                    {restart && <span class="state wait"> changed since, needs a restart</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  )
}
