import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { peersText } from '../../../../src/cli/remote/peers.ts'
import { matrixOf, sentTitle } from '../../../../src/console/model/peer-matrix.ts'
import {
  type PeerPage,
  type PeerPageRow,
  readPeerPage,
} from '../../../../src/control/peers/peer-page.ts'
import { pairOf, peersReport } from '../../../../src/control/peers/peers-report.ts'

const rowOf = (name: string, given: Partial<PeerPageRow> = {}): PeerPageRow => ({
  name,
  url: `http://${name}:80`,
  state: 'present',
  loss: 0,
  resources: { cores: 2, load: 0.5, inHand: 1, knee: 2.5, serviceTimeMs: 4, served: 100 },
  sent: { requests: 0, inFlight: 0, failures: 0 },
  ...given,
})

const sent = (requests: number, failures = 0) => ({ requests, inFlight: 1, failures })

const pages: readonly PeerPage[] = [
  {
    name: 'b',
    peers: [rowOf('b', { state: 'self' }), rowOf('a', { sent: sent(5) }), rowOf('c')],
  },
  {
    name: 'a',
    peers: [
      rowOf('a', { state: 'self' }),
      rowOf('b', { sent: sent(40, 2), loss: 0.1 }),
      rowOf('c', { state: 'silent', sent: sent(0, 1) }),
    ],
  },
]
const readings = pages.map((peer) => ({ page: `http://${peer.name}/peers`, peer }))

test('the pages of all are one picture: peers by name, and what each has sent', () => {
  const report = peersReport([...readings, { page: 'http://d/', reason: 'refused' }], 0, undefined)
  assert.deepEqual(
    report.peers.map(({ name, isRead, seenBy, knownBy }) => [name, isRead, seenBy, knownBy]),
    [
      ['a', true, 1, 1],
      ['b', true, 1, 1],
      ['c', false, 1, 2],
    ],
  )
  assert.deepEqual(
    report.sent.map(({ from, to, requests, failures, perSecond }) => [
      from + to,
      requests,
      failures,
      perSecond,
    ]),
    [
      ['ba', 5, 0, null],
      ['ab', 40, 2, null],
      ['ac', 0, 1, null],
    ],
  )
  assert.deepEqual(report.problems, [{ page: 'http://d/', reason: 'refused' }])
})

test('rates are those since the reading before, and a peer that has started again has none', () => {
  const requests = new Map([
    [pairOf('a', 'b'), 30],
    [pairOf('b', 'a'), 500],
  ])
  const report = peersReport(readings, 3_000, { at: 1_000, requests })
  assert.deepEqual(
    report.sent.map(({ perSecond }) => perSecond),
    [null, 5, null],
  )
})

test('the matrix has a row for each peer that was read and a column for each peer', () => {
  const { columns, rows } = matrixOf(peersReport(readings, 0, undefined))
  assert.deepEqual(columns, ['a', 'b', 'c'])
  assert.deepEqual(
    rows.map(({ from, total, cells }) => [from, total, cells.map(({ share }) => share)]),
    [
      ['a', 40, [0, 1, 0]],
      ['b', 5, [0.125, 0, 0]],
    ],
  )
  const cell = rows[0]?.cells[1]?.sent
  assert.match(sentTitle('a', 'b', cell), /^a has handed 40 over to b, .*2 failed, .*10 % of/)
  assert.equal(sentTitle('b', 'c', undefined), 'b has handed nothing over to c')
})

test('the text is a matrix, and a list where the terminal is too narrow for it', () => {
  const report = peersReport(readings, 0, undefined)
  assert.match(peersText(report), /\nFROM \\ TO +a +b +c\na +\. +40 \(2 failed\) +0 \(1 failed\)\n/)
  const narrow = peersText(report, 30)
  assert.match(narrow, /\nFROM +TO +REQUESTS/)
  const nobody = peersReport([{ page: 'http://d/', reason: 'refused' }], 0, undefined)
  assert.equal(peersText(nobody), 'No peer has told anything.\nhttp://d/: refused\n')
})

async function pageAt(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('a page that is none, is too long, or leads elsewhere is refused', async (t) => {
  const good = JSON.stringify(pages[0])
  const bodies: readonly (readonly [RequestListener, RegExp])[] = [
    [(_, response) => response.end('<html>'), /JSON|token/],
    [(_, response) => response.end('{"name":"a","peers":[]}'), /not the status page/],
    [(_, response) => response.end('{"name":"a","peers":[{"name":"<b>"}]}'), /not the status page/],
    [(_, response) => response.end(`"${'x'.repeat(2_000_000)}"`), /too long/],
    [(_, response) => response.writeHead(500).end(good), /status 500/],
    [(_, response) => response.writeHead(302, { location: '/else' }).end(), /fetch failed/],
  ]
  for (const [listener, reason] of bodies)
    await assert.rejects(readPeerPage(await pageAt(t, listener)), reason)
  const read = await readPeerPage(await pageAt(t, (_, response) => response.end(good)))
  assert.deepEqual(read, pages[0])
})
