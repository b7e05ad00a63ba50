// More clients than the proxy may open files: those that it takes are answered, the others are refused and
// counted, no node is blamed, and all is well again when they have gone.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { CrowdOptions, CrowdReport } from '../../fixtures/crowd.ts'
import { AskedChild } from '../../support/asked-child.ts'
import { startNode } from '../../support/node-server.ts'
import { processorMs } from '../../support/processor-time.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { childrenOf, startWorkers } from '../../support/workers.ts'

const skip =
  process.platform === 'linux' ? false : 'limits of a process are set by prlimit of Linux'
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const workers of [0, 1]) {
  test(`1,000 clients of a proxy with 256 open files, --workers ${workers}`, {
    skip,
  }, async (t) => {
    const nodes = await Promise.all(
      [1, 2, 3].map(() =>
        startNode(t, (_, response) => setTimeout(() => response.end('fine'), 200)),
      ),
    )
    const serve = await startWorkers(t, workers, {}, { openFiles: 256, deadlineMs: 40_000 })
    for (const [index, { port }] of nodes.entries()) await serve.register(`n${index}`, port, 100)
    const primary = serve.child.pid as number
    const pids = [primary, ...childrenOf(primary)]
    const options: CrowdOptions = {
      port: serve.trafficPort,
      clients: 1_000,
      first: get('/'),
      drip: '',
      everyMs: 0,
      perMs: 20,
    }
    const crowd = new AskedChild<CrowdReport>(t, 'crowd', options)
    let report = await crowd.ask('report')
    await until(
      'every client is answered or refused',
      async () => {
        report = await crowd.ask('report')
        const answered = Object.values(report.answers).reduce((sum, times) => sum + times, 0)
        return answered + report.closedSilently === options.clients
      },
      10_000,
      () => report,
    )
    const used = pids.map(processorMs)
    await pause(2_000)
    const share = pids.map((pid, index) => (processorMs(pid) - used[index]!) / 2_000)
    const during = await serve.status()
    t.diagnostic(`clients: ${JSON.stringify(report)}`)
    t.diagnostic(`processor use while full: ${share.map((part) => `${(part * 100).toFixed(1)} %`)}`)
    t.diagnostic(`counts: ${JSON.stringify(during.traffic)}`)
    for (const part of share) assert.ok(part < 0.2, `uses ${part * 100} % of a processor`)
    // 256 less the reserve of 64, half of it for clients.
    assert.deepEqual(report.answers, { 'HTTP/1.1 200 OK': 96 })
    assert.equal(during.traffic.connections, 96)
    assert.equal(during.traffic.connectionsRefused, options.clients - 96)
    assert.deepEqual(
      during.nodes.map(({ health, failures }) => [health, failures]),
      [1, 2, 3].map(() => ['up', 0]),
    )

    crowd.send('leave')
    const left = performance.now()
    await until('a new client is served', async () => {
      const client = await RawClient.connect(t, serve.trafficPort)
      client.send(get('/'))
      const answer = await client.answer()
      return answer?.status === 200
    })
    const recovery = performance.now() - left
    t.diagnostic(`served again after ${Math.round(recovery)} ms`)
    assert.ok(recovery < 5_000)
    assert.deepEqual([primary, ...childrenOf(primary)], pids)
    assert.equal((await serve.status()).traffic.faults, 0)
  })
}

test('a node is not marked down when the system has no more sockets', { skip }, async (t) => {
  const node = await startNode(t, (_, response) => response.end('fine'))
  const serve = await startWorkers(t, 1, {}, { deadlineMs: 40_000 })
  await serve.register('n0', node.port, 100)
  const [worker = 0] = childrenOf(serve.child.pid as number)
  const client = await RawClient.connect(t, serve.trafficPort)
  await until('the client is there', async () => (await serve.workers())[0]!.connections === 1)
  // Taken away while it runs, so that the proxy's own limit is far above and the system's is met.
  const used = new Set(readdirSync(`/proc/${worker}/fd`).map(Number))
  let free = 0
  while (used.has(free)) free++
  const [hard = ''] = /\d+(?=\s+files)/.exec(limits(worker)) ?? []
  execFileSync('prlimit', ['--pid', String(worker), `--nofile=${free}:${hard}`])
  const refused = await client.ask(get('/'))
  assert.equal(refused.status, 503)
  assert.match(refused.body.toString(), /PROXY_FULL/)
  // One that the worker cannot accept does not keep it busy either.
  const stranger = await RawClient.connect(t, serve.trafficPort)
  const before = processorMs(worker)
  await pause(1_000)
  const share = (processorMs(worker) - before) / 1_000
  const { traffic, nodes } = await serve.status()
  t.diagnostic(
    `processor use: ${(share * 100).toFixed(1)} %; stranger closed: ${stranger.closed || stranger.ended}`,
  )
  assert.ok(share < 0.2)
  assert.equal(traffic.shortages, 1)
  assert.deepEqual([nodes[0]?.health, nodes[0]?.failures], ['up', 0])
  execFileSync('prlimit', ['--pid', String(worker), `--nofile=${hard}:${hard}`])
  assert.equal((await client.ask(get('/'))).status, 200)
  assert.deepEqual(childrenOf(serve.child.pid as number), [worker])
})

const limits = (pid: number): string =>
  execFileSync('grep', ['open files', `/proc/${pid}/limits`], { encoding: 'utf8' })
