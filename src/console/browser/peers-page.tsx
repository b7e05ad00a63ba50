// The cluster of peers: who hands how much over to whom, as a matrix, and what each peer says of itself.

import type { ApiPeer, ApiPeers, ApiSent } from '../model/api.ts'
import { counted, listText, milliseconds, numberText } from '../model/format.ts'
import { matrixOf, sentTitle } from '../model/peer-matrix.ts'
import { Scroll } from './scroll.tsx'
import { useRead } from './use-read.ts'

const everyMs = 2_000

export const PeersPage = () => {
  const { answer, problem } = useRead<ApiPeers>('/peers', everyMs)
  return (
    <>
      <h1>Peers</h1>
      {answer === undefined ? (
        <p class="card soft">{problem === undefined ? 'Reading the peers' : advice(problem)}</p>
      ) : (
        <Peers report={answer} />
      )}
    </>
  )
}

const advice = (problem: string): string =>
  `Nothing to show: ${problem}. The key control.peers names the status pages of peers (topspin peer, joinPeers).`

const Peers = ({ report }: { readonly report: ApiPeers }) => (
  <>
    {report.problems.map(({ page, reason }) => (
      <p key={page} class="card refusal">
        {page} was not read: {reason}
      </p>
    ))}
    {report.peers.length > 0 && (
      <>
        <section class="card" aria-labelledby="matrix">
          <h2 id="matrix">Who hands over to whom</h2>
          <p class="soft">
            Requests that the peer of a row has handed over to the peer of a column since it
            started; below, how many a second now.
          </p>
          <Matrix report={report} />
        </section>
        <section class="card" aria-labelledby="each">
          <h2 id="each">{counted(report.peers.length, 'peer')}</h2>
          <PeerTable peers={report.peers} />
        </section>
      </>
    )}
  </>
)

const Matrix = ({ report }: { readonly report: ApiPeers }) => {
  const { columns, rows } = matrixOf(report)
  return (
    <Scroll label="Who hands over to whom">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">from \ to</th>
            {columns.map((name) => (
              <th scope="col" class="number peer-name" key={name} title={name}>
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              all
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ from, cells, total }) => (
            <tr key={from}>
              <th scope="row" class="peer-name" title={from}>
                {from}
              </th>
              {cells.map(({ to, sent, share }) =>
                to === from ? (
                  <td class="number self" key={to} title="itself">
                    ·
                  </td>
                ) : (
                  <td
                    class="number"
                    key={to}
                    title={sentTitle(from, to, sent)}
                    style={{ '--share': share.toFixed(3) }}
                  >
                    <Cell sent={sent} />
                  </td>
                ),
              )}
              <td class="number">{numberText(total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const Cell = ({ sent }: { readonly sent: ApiSent | undefined }) => {
  if (sent === undefined) return <span class="soft">0</span>
  const { requests, perSecond, failures } = sent
  return (
    <>
      {numberText(requests)}
      <small>
        {perSecond === null ? '–' : `${numberText(perSecond)}/s`}
        {failures > 0 && <span class="bad"> {numberText(failures)} failed</span>}
      </small>
    </>
  )
}

const PeerTable = ({ peers }: { readonly peers: readonly ApiPeer[] }) => {
  const unread = peers.filter(({ isRead }) => !isRead).map(({ name }) => name)
  return (
    <>
      {unread.length > 0 && (
        <p class="soft">
          The page of {listText(unread)} is not in control.peers, so that nothing is known of what{' '}
          {unread.length === 1 ? 'it sends' : 'they send'}.
        </p>
      )}
      <Scroll label="Peers">
        <table>
          <thead>
            <tr>
              <th scope="col">peer</th>
              <th scope="col" class="peer-address">
                address
              </th>
              {['seen by', 'in hand', 'room for', 'usual time', 'load', 'processors', 'served'].map(
                (name) => (
                  <th scope="col" class="number" key={name}>
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {peers.map(({ name, url, seenBy, knownBy, resources }) => (
              <tr key={name}>
                <th scope="row" class="peer-name" title={`${name} at ${url}`}>
                  {name}
                </th>
                <td class="soft peer-address">{url}</td>
                <td class={seenBy < knownBy ? 'number bad' : 'number'}>
                  {knownBy === 0 ? '–' : `${seenBy} of ${knownBy}`}
                </td>
                <td class="number">{numberText(resources.inHand)}</td>
                <td class="number">{resources.knee === 0 ? '–' : numberText(resources.knee)}</td>
                <td class="number">
                  {resources.serviceTimeMs === 0 ? '–' : milliseconds(resources.serviceTimeMs)}
                </td>
                <td class="number">{numberText(resources.load)}</td>
                <td class="number">{numberText(resources.cores)}</td>
                <td class="number">{numberText(resources.served)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  )
}
