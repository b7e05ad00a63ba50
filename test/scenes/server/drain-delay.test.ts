// SIGTERM with `drain.delay`: the proxy is not ready, and still accepts, until whatever is in front of it has noticed.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { pause } from '../../../src/base/wait.ts'
import type { Message } from '../../support/http-reader.ts'
import { type Answer, get, startNode } from '../../support/node-server.ts'
import { RawClient, get as rawGet } from '../../support/raw-client.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const connectionOf = (answer: Message | undefined): string | undefined =>
  answer?.fields.find(([name]) => name.toLowerCase() === 'connection')?.[1]

const portOf = (url: string): number => Number(new URL(url).port)

for (const workers of [0, 2]) {
  test(`while the drain delay runs, /readyz is 503 and no client is refused, ${workers} workers`, async (t) => {
    const node = await startNode(t)
    const environment = {
      TOPSPIN_DRAIN_DELAY: '2s',
      TOPSPIN_HEALTH_LISTEN: '127.0.0.1:0',
      TOPSPIN_TO: `127.0.0.1:${node.port}`,
    }
    const serve = await startServe(['--workers', String(workers)], environment)
    t.after(() => serve.child.kill('SIGKILL'))
    const [, healthUrl = ''] = await serve.sees(/"health":"([^"]+)"/)
    const [traffic, health] = [portOf(serve.traffic), portOf(healthUrl)]
    assert.equal((await get(health, '/readyz')).status, 200)
    assert.equal((await get(health, '/api/status')).status, 404)

    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    t.after(() => agent.destroy())
    const idle = await RawClient.connect(t, traffic)
    idle.send(rawGet('/'))
    assert.equal(connectionOf(await idle.answer()), undefined)
    const slow = get(traffic, '/slow')
    await until('a request is in flight', () => node.slow.length === 1)
    const early = await RawClient.connect(t, traffic)
    early.send(rawGet('/slow'))
    await until('another one is', () => node.slow.length === 2)
    node.slow[1]?.writeHead(200, { 'Content-Length': 2 }).write('a')
    await until('its response has begun', () => early.text.endsWith('a'))

    serve.child.kill('SIGTERM')
    await serve.sees(/draining/)
    await until('it is not ready', async () => (await get(health, '/readyz')).status === 503)
    assert.equal((await get(portOf(serve.control), '/readyz')).status, 503)
    assert.equal((await get(health, '/livez')).status, 200)
    const answers: Answer[] = []
    const end = performance.now() + 1_000
    const ask = async (...more: readonly Agent[]): Promise<void> => {
      while (performance.now() < end) answers.push(await get(traffic, '/', {}, ...more))
    }
    await Promise.all([ask(new Agent()), ask(agent), ask(agent)])
    assert.ok(answers.length > 20, String(answers.length))
    for (const { status, headers } of answers)
      assert.deepEqual([status, headers['connection']], [200, 'close'])
    idle.send(rawGet('/'))
    assert.equal(connectionOf(await idle.answer()), 'close')

    // Its response has said that the connection stays, so it does, until its next response.
    node.slow[1]?.end('b')
    assert.equal((await early.answer())?.body.toString(), 'ab')
    early.send(rawGet('/'))
    assert.equal(connectionOf(await early.answer()), 'close')

    node.slow[0]?.end('done')
    assert.equal((await slow).status, 200)
    const ended = await serve.ended
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
    await assert.rejects(get(traffic, '/'), /ECONNREFUSED/)
  })
}

test('a second signal ends the drain delay', async (t) => {
  const node = await startNode(t)
  const environment = { TOPSPIN_DRAIN_DELAY: '1m', TOPSPIN_TO: `127.0.0.1:${node.port}` }
  const serve = await startServe(['--workers', '0'], environment)
  t.after(() => serve.child.kill('SIGKILL'))
  serve.child.kill('SIGTERM')
  await serve.sees(/drain delay/)
  await pause(600)
  serve.child.kill('SIGTERM')
  const ended = await serve.ended
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
})

test('a worker that starts during the drain delay ends connections after their responses, too', async (t) => {
  const node = await startNode(t)
  const environment = { TOPSPIN_DRAIN_DELAY: '6s', TOPSPIN_TO: `127.0.0.1:${node.port}` }
  const serve = await startServe(['--workers', '1'], environment, { deadlineMs: 30_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  serve.child.kill('SIGTERM')
  await serve.sees(/drain delay/)
  const pids = async (): Promise<number[]> => {
    const report = JSON.parse((await get(portOf(serve.control), '/api/status')).text)
    return report.workers.map(({ pid }: { pid: number }) => pid)
  }
  const [pid = 0] = await pids()
  process.kill(pid, 'SIGKILL')
  await serve.sees(/worker replaced/)
  const { status, headers } = await get(portOf(serve.traffic), '/')
  assert.deepEqual([status, headers['connection']], [200, 'close'])
})

test('the listener for health checks answers while many connections to it are held open', async (t) => {
  const environment = { TOPSPIN_HEALTH_LISTEN: '127.0.0.1:0' }
  const serve = await startServe(['--workers', '0'], environment)
  t.after(() => serve.child.kill('SIGKILL'))
  const [, healthUrl = ''] = await serve.sees(/"health":"([^"]+)"/)
  const health = portOf(healthUrl)
  const held = Array.from({ length: 300 }, () =>
    connect({ host: '127.0.0.1', port: health, localAddress: '127.0.0.9' }).on('error', () => {}),
  )
  t.after(() => {
    for (const socket of held) socket.destroy()
  })
  await until('they are open', () => held.every(({ connecting }) => !connecting))
  assert.equal((await get(health, '/readyz')).status, 200)
  const old = await RawClient.connect(t, health)
  old.send('GET /livez HTTP/1.0\r\n\r\n')
  assert.equal((await old.answer())?.status, 200)
  const bad = await RawClient.connect(t, health)
  bad.send('POST /readyz HTTP/1.1\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await bad.answer())?.status, 405)
})
