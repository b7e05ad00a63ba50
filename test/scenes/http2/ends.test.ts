// What ends while many streams are open over HTTP/2: the proxy by a drain, one of its workers, a node. Streams that do not
// depend on it are answered, and what a client began on a connection that ends goes on.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import http2, { type ClientHttp2Session } from 'node:http2'
import { describe, type TestContext, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { sendMessage } from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'
import { startWorkers } from '../../support/workers.ts'

const noH2load: string | false =
  spawnSync('h2load', ['--version']).status === 0 ? false : 'h2load is not installed'

async function connect(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  await once(session, 'connect')
  return session
}

/** The status and body of a request, or the code of its reset. */
function ask(session: ClientHttp2Session, path: string): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': path })
    let [status, body, isWhole] = [0, '', false]
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0
    })
    stream.on('data', (piece) => {
      body += piece
    })
    stream.on('end', () => {
      isWhole = true
    })
    stream.on('error', () => {})
    stream.on('close', () =>
      resolve(isWhole && status > 0 ? `${status} ${body}` : `reset ${stream.rstCode}`),
    )
  })
}

const askMany = (sessions: readonly ClientHttp2Session[], each: number): Promise<string>[] =>
  sessions.flatMap((session) => Array.from({ length: each }, (_, i) => ask(session, `/${i}`)))

/** How often each answer came. */
function tally(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}

/** So long a request may wait for its turn on a machine that does other work, too. */
const patient = { timeouts: { connectMs: 60_000 } }

describe('with 1,000 streams on 8 connections', () => {
  test('a drain answers all of them', async (t) => {
    const waiting: ServerResponse[] = []
    const node = await startNode(t, (_, response) => waiting.push(response))
    const { proxy, port } = await startProxy(t, [{ port: node.port }], patient)
    const sessions = await Promise.all(Array.from({ length: 8 }, () => connect(t, port)))
    const answers = Promise.all(askMany(sessions, 125))
    await until('the node has some', () => waiting.length >= 200)
    const drained = proxy.drain(60_000)
    let hasEnded = false
    const seen = answers.then(() => {
      hasEnded = true
    })
    await until(
      'all are answered',
      () => {
        for (const response of waiting.splice(0)) response.end('done')
        return hasEnded
      },
      60_000,
    )
    await seen
    assert.deepEqual(tally(await answers), { '200 done': 1_000 })
    await drained
    assert.equal(proxy.connections, 0)
  })

  test('the death of a node costs its own streams alone, and the other serves what comes', async (t) => {
    const [mortal, other] = await Promise.all([
      startNode(t, (_, response) => response.write('part')),
      startNode(t, (_, response) => setImmediate(() => response.end('done'))),
    ])
    const nodes = [{ port: mortal.port }, { port: other.port }]
    const { proxy, port } = await startProxy(t, nodes, patient)
    const sessions = await Promise.all(Array.from({ length: 8 }, () => connect(t, port)))
    const answers = askMany(sessions, 125)
    const byOther = await Promise.all([Promise.race(answers)])
    assert.deepEqual(byOther, ['200 done'])
    mortal.server.closeAllConnections()
    mortal.server.close()
    const counts = tally(await Promise.all(answers))
    const { '200 done': done = 0, 'reset 2': cut = 0 } = counts
    assert.equal(done + cut, 1_000, JSON.stringify(counts))
    assert.ok(done > 0 && cut > 0, JSON.stringify(counts))
    assert.equal(await ask(sessions[0] as ClientHttp2Session, '/'), '200 done')
    assert.equal(proxy.counters.faults, 0)
  })
})

test('a worker that is killed takes its own streams alone, and clients connect again', async (t) => {
  const waiting: ServerResponse[] = []
  const node = await startNode(t, (request, response) => {
    if (request.url === '/now') response.end('now')
    else waiting.push(response)
  })
  const serve = await startWorkers(t, 2, {}, { deadlineMs: 120_000 })
  await serve.register('a', node.port, 100)
  const sessions: ClientHttp2Session[] = []
  await until('each worker has connections', async () => {
    const session = await connect(t, serve.trafficPort)
    sessions.push(session)
    assert.equal(await ask(session, '/now'), '200 now')
    return (await serve.workers()).every(({ connections }) => connections > 0)
  })
  const answers = sessions.map((session) => Promise.all(askMany([session], 20)))
  await until('the node has all', () => waiting.length === sessions.length * 20)
  const [victim] = await serve.workers()
  assert.ok(victim !== undefined && victim.connections > 0 && victim.connections < sessions.length)
  process.kill(victim.pid ?? 0, 'SIGKILL')
  await until('its connections are lost', () => sessions.some(({ destroyed }) => destroyed))
  await until(
    'no more are',
    () => sessions.filter(({ destroyed }) => destroyed).length === victim.connections,
  )
  for (const response of waiting) response.end('done')
  for (const [index, session] of sessions.entries()) {
    const counts = tally((await answers[index]) ?? [])
    if (!session.destroyed) assert.deepEqual(counts, { '200 done': 20 })
    else assert.equal(counts['200 done'], undefined)
  }
  assert.equal(await ask(await connect(t, serve.trafficPort), '/now'), '200 now')
})

test('nodes that are replaced one after the other under h2load cost no request', {
  skip: noH2load,
}, async (t) => {
  const serve = await startWorkers(t, 0, {}, { deadlineMs: 120_000 })
  const first = await startNode(t)
  await serve.register('n0', first.port, 100)
  const args = ['-c8', '-m32', '-D4', `http://127.0.0.1:${serve.trafficPort}/`]
  const load = spawn('h2load', args)
  t.after(() => load.kill('SIGKILL'))
  let text = ''
  load.stdout.on('data', (part) => {
    text += part
  })
  let hasEnded = false
  const ended = once(load, 'close').then(() => {
    hasEnded = true
  })
  let old = first
  let deploys = 0
  while (!hasEnded) {
    const next = await startNode(t)
    await serve.register(`n${deploys + 1}`, next.port, 100)
    const contexts = `JVMRoute=n${deploys}&Alias=localhost&Context=/`
    await until('the old node has no requests', async () => {
      const { body } = await sendMessage(serve.controlPort, 'STOP-APP', contexts)
      return /Requests=0|Requests: 0/.test(body)
    })
    await sendMessage(serve.controlPort, 'REMOVE-APP', contexts)
    old.server.close()
    old.server.closeIdleConnections()
    old = next
    deploys++
  }
  await ended
  const [, succeeded, failed, errored, timeout] =
    /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(text) ?? []
  assert.ok(Number(succeeded) > 0 && deploys > 0, text)
  assert.deepEqual([failed, errored, timeout], ['0', '0', '0'], text)
})
