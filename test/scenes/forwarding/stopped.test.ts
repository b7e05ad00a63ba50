// The whole proxy is stopped for longer than its deadlines (SIGSTOP, a suspended machine) and goes on:
// no node is taken for dead or silent, no client is cut, what was under way is answered.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lap, SteadyOptions } from '../../fixtures/steady-clients.ts'
import { AskedChild } from '../../support/asked-child.ts'
import { sendMessage } from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { startWorkers } from '../../support/workers.ts'

const stoppedMs = 4_000
const deadlines = {
  TOPSPIN_CONTROL_STATUS_TIMEOUT: '2s',
  TOPSPIN_TIMEOUTS_HEAD: '3s',
  TOPSPIN_TIMEOUTS_IDLE: '3s',
  TOPSPIN_TIMEOUTS_CONNECT: '1s',
  TOPSPIN_TIMEOUTS_RESPONSE_HEAD: '3s',
  TOPSPIN_POOL_IDLE: '2s',
  // Shares are compared below; auto learns unlike ones from a pause.
  TOPSPIN_CANDIDACY: 'mod_cluster',
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const workers of [0, 2]) {
  test(`a proxy that was suspended for ${stoppedMs} ms continues, --workers ${workers}`, async (t) => {
    const nodes = await Promise.all([1, 2, 3].map(() => startNode(t)))
    const serve = await startWorkers(t, workers, deadlines, { isGroup: true, deadlineMs: 40_000 })
    t.after(() => {
      try {
        process.kill(-(serve.child.pid as number), 'SIGKILL')
      } catch {
        // All of them have ended.
      }
    })
    for (const [index, { port }] of nodes.entries()) await serve.register(`n${index}`, port, 100)
    let isStopped = false
    const reports = setInterval(() => {
      if (isStopped) return
      for (const index of nodes.keys())
        sendMessage(serve.controlPort, 'STATUS', `JVMRoute=n${index}&Load=100`).catch(() => {})
    }, 500)
    t.after(() => clearInterval(reports))
    const ordinary: SteadyOptions = { port: serve.trafficPort, clients: 50, everyMs: 100 }
    const steady = new AskedChild<Lap>(t, 'steady-clients', ordinary)
    const waiting = await RawClient.connect(t, serve.trafficPort)
    const idle = await RawClient.connect(t, serve.trafficPort)
    const half = await RawClient.connect(t, serve.trafficPort)
    await pause(1_000)
    await idle.ask(get('/'))
    waiting.send(get('/slow'))
    half.send('GET /half HTTP/1.1\r\nHost: ')
    await until('the slow request is at a node', () => nodes.some(({ slow }) => slow.length > 0))

    const before = await serve.status()
    isStopped = true
    process.kill(-(serve.child.pid as number), 'SIGSTOP')
    await pause(stoppedMs)
    process.kill(-(serve.child.pid as number), 'SIGCONT')
    const seen = new Set<string>()
    const woken = performance.now()
    await until('what follows has been looked at, for 800 ms and 200 requests', async () => {
      const { nodes: now } = await serve.status()
      for (const { route, health, silent } of now) {
        if (health !== 'up' || silent) seen.add(`${route}: ${health}${silent ? ', silent' : ''}`)
      }
      const asked = now.reduce(
        (sum, { elected }, index) => sum + elected - before.nodes[index]!.elected,
        0,
      )
      return performance.now() - woken > 800 && asked > 200
    })
    isStopped = false
    for (const { slow } of nodes) for (const response of slow) response.end('late but whole')
    assert.equal((await waiting.answer())?.body.toString(), 'late but whole')
    half.send('app.test\r\n\r\n')
    assert.equal((await half.answer())?.status, 200)
    assert.equal((await idle.ask(get('/'))).status, 200)

    const lap = await steady.ask('lap')
    const { nodes: after, traffic } = await serve.status()
    const shares = after.map(({ elected }, index) => elected - before.nodes[index]!.elected)
    t.diagnostic(`clients: ${JSON.stringify(lap)}; shares since: ${shares}`)
    assert.deepEqual([...seen], [])
    assert.equal(lap.failed, 0)
    assert.deepEqual([traffic.refused, traffic.retries, traffic.cut], [{}, 0, 0])
    const most = Math.max(...shares)
    assert.ok(most > 50 && most < 2 * Math.min(...shares), `shares ${shares}`)
    assert.doesNotMatch(
      serve.printed.stderr + serve.printed.stdout,
      /node is down|stopped reporting/,
    )
  })
}
