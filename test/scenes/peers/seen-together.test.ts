// The cluster of peers as `topspin serve` shows it: who has handed over to whom, in the API and by the command.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeersReport } from '../../../src/control/peers/peers-report.ts'
import { freePorts } from '../../support/free-ports.ts'
import { get } from '../../support/node-server.ts'
import { PeerApps, untilHandsTo } from '../../support/peer-apps.ts'
import { startServe, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const path = '/.well-known/topspin/peers'

test('the API and the command show who hands over to whom, and which page was not read', async (t) => {
  const apps = await PeerApps.make(t, { TOPSPIN_STATUS_PATH: path, TOPSPIN_CANDIDACY: 'byRandom' })
  const [a, b] = await Promise.all([apps.start('a'), apps.start('b')])
  const [gone = 0] = await freePorts(1)
  const pages = [a.port, b.port, gone].map((port) => `http://127.0.0.1:${port}${path}`)
  const serve = await startServe(
    [],
    { TOPSPIN_CONTROL_PEERS: pages.join(',') },
    { deadlineMs: 60_000 },
  )
  t.after(() => serve.child.kill('SIGKILL'))
  await untilHandsTo(a, '"name":"b"')
  const read = async (): Promise<PeersReport> =>
    (await (await fetch(`${serve.control}api/v1/peers`)).json()) as PeersReport
  const countIn = ({ sent }: PeersReport): number =>
    sent.find(({ from, to }) => from === 'a' && to === 'b')?.requests ?? 0
  await until('the requests are seen', async () => countIn(await read()) > 0)

  const report = await read()
  assert.deepEqual(
    report.peers.map(({ name, isRead, knownBy }) => [name, isRead, knownBy]),
    [
      ['a', true, 1],
      ['b', true, 1],
    ],
  )
  assert.ok(report.sent.every(({ from, to }) => from !== to))
  assert.deepEqual(
    report.problems.map(({ page }) => page),
    [pages[2]],
  )
  assert.match(report.problems[0]?.reason ?? '', /ECONNREFUSED/)

  // Once it was read before, there is a rate.
  await until('there is a rate', async () => {
    await get(a.port)
    const [sent] = (await read()).sent
    return sent !== undefined && sent.perSecond !== null
  })
  const { host } = new URL(serve.control)
  const shown = startTopspin(['peers', '--control', host])
  const { code, stdout } = await shown.ended
  assert.equal(code, 0)
  assert.match(stdout, /^a +http:\/\/\S+ +1 of 1 /m)
  assert.match(stdout, /^FROM \\ TO +a +b$/m)
  assert.match(stdout, /^a +\. +[1-9]\d*/m)
  assert.match(stdout, /ECONNREFUSED/)
})

test('without control.peers the API says which key is missing', async (t) => {
  const serve = await startServe()
  t.after(() => serve.child.kill('SIGKILL'))
  const answer = await fetch(`${serve.control}api/v1/peers`)
  assert.equal(answer.status, 404)
  assert.match(await answer.text(), /control\.peers/)
  const { code, stderr } = await topspin('peers', '--control', new URL(serve.control).host)
  assert.equal(code, 1)
  assert.match(stderr, /control\.peers/)
})
