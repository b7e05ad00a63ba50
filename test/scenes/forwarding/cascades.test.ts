// Cascades per path and functions of users' own, in a running proxy: one process and with workers, and
// while SIGHUP changes them.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sendMessage } from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'
import { Client, startWorkers, type Workers } from '../../support/workers.ts'

const folder = mkdtempSync(join(tmpdir(), 'cascades-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const url = (serve: Workers): string => `http://127.0.0.1:${serve.trafficPort}/`

const policies = file(
  'named.mjs',
  `export const byName = (candidates, exchange, clock, argument) =>
     candidates.filter((candidate) => candidate.node.route === argument)
   export const byField = (candidates, { request }) =>
     candidates.filter((candidate) => candidate.node.route === request.field('x-node'))
   export const rubbish = () => [{}]
   export const later = async () => { throw new Error('nobody waits for me') }`,
)

for (const workers of [0, 2]) {
  test(`a reload changes cascades under load and loses nothing, with ${workers} workers`, async (t) => {
    const config = file(
      `reload-${workers}.yaml`,
      `balance:
  - { path: /, candidacy: [usable, ./named.mjs#byName a] }
  - { path: /b, candidacy: [./named.mjs#byName b] }
  - { path: /b/closed, candidacy: off }
`,
    )
    const serve = await startWorkers(t, workers, {}, { args: ['--config', config] })
    for (const name of ['a', 'b']) {
      const { port } = await startNode(t, (_, response) => response.end(name))
      await serve.register(name, port, 100)
    }
    const clients = Array.from({ length: 8 }, () => new Client(t, serve.trafficPort))
    const [client] = clients as [Client]
    assert.equal(await client.get('/'), 'a')
    assert.equal(await client.get('/bc'), 'a')
    assert.equal(await client.get('/b'), 'b')
    assert.equal(await client.get('/b/c?d'), 'b')
    await assert.rejects(client.get('/b/closed/x'), /503/)

    let ended = false
    const seen = new Set<string>()
    const load = Promise.all(
      clients.map(async (one) => {
        while (!ended) seen.add(await one.get('/'))
      }),
    )
    file(`reload-${workers}.yaml`, 'candidacy: [usable, ./named.mjs#byName b]\n')
    serve.child.kill('SIGHUP')
    await until('all of them are served by b', async () => {
      const answers = await Promise.all(clients.map(() => client.get('/')))
      return answers.every((answer) => answer === 'b')
    })
    ended = true
    await load
    assert.deepEqual([...seen].sort(), ['a', 'b'])
    assert.equal(await client.get('/b/closed/x'), 'b')

    file(`reload-${workers}.yaml`, 'candidacy: ./missing.mjs#byName\n')
    serve.child.kill('SIGHUP')
    await serve.sees(/missing\.mjs#byName cannot be loaded[^\n]*configuration not reloaded/)
    assert.equal(await client.get('/'), 'b')
  })
}

test('functions of users read the request; invalid results are ignored and counted', async (t) => {
  const config = file(
    'rubbish.yaml',
    'candidacy: [usable, "./named.mjs#rubbish", "./named.mjs#later", "./named.mjs#byField"]\n',
  )
  const serve = await startWorkers(t, 1, {}, { args: ['--config', config] })
  for (const name of ['a', 'b']) {
    const { port } = await startNode(t, (_, response) => response.end(name))
    await serve.register(name, port, 100)
  }
  for (const name of ['b', 'a', 'b']) {
    const answer = await fetch(url(serve), { headers: { 'x-node': name } })
    assert.equal(await answer.text(), name)
  }
  const metrics = await (await fetch(`${serve.control}metrics`)).text()
  for (const name of ['rubbish', 'later']) {
    const line = `topspin_candidacy_failures_total{function="${policies}#${name}"} 3`
    assert.ok(metrics.includes(line), metrics)
  }
})

for (const workers of [0, 1]) {
  test(`byAge drops a node that stops reporting, but no fixed node, with ${workers} workers`, async (t) => {
    const nodes = await Promise.all(
      ['a', 'b', 'fixed'].map((name) => startNode(t, (_, response) => response.end(name))),
    )
    const [a = 0, b = 0, fixed = 0] = nodes.map(({ port }) => port)
    const config = file(
      `age-${workers}.yaml`,
      `to: ${fixed}\ncandidacy: [usable, byAge 1, byRandom]\n`,
    )
    const serve = await startWorkers(t, workers, {}, { args: ['--config', config] })
    await serve.register('a', a, 100)
    await serve.register('b', b, 100)
    const client = new Client(t, serve.trafficPort)
    await until('a alone is left of those that report', async () => {
      await sendMessage(serve.controlPort, 'STATUS', 'JVMRoute=a&Load=100')
      const seen = await Promise.all(Array.from({ length: 30 }, () => client.get()))
      return !seen.includes('b')
    })
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) {
      await sendMessage(serve.controlPort, 'STATUS', 'JVMRoute=a&Load=100')
      seen.add(await client.get())
    }
    assert.deepEqual([...seen].sort(), ['a', 'fixed'])
  })
}

test('byLatency chooses the quick node, and byInFlight avoids the one that hangs', async (t) => {
  const config = file(
    'quick.yaml',
    'candidacy: [usable, byLatency]\nbalance: [{ path: /hang, candidacy: [usable, byInFlight] }]\n',
  )
  const serve = await startWorkers(t, 0, {}, { args: ['--config', config] })
  const slow = await startNode(t, (_, response) => {
    setTimeout(() => response.end('slow'), 60)
  })
  const quick = await startNode(t, (_, response) => response.end('quick'))
  await serve.register('slow', slow.port, 100)
  await serve.register('quick', quick.port, 100)
  const client = new Client(t, serve.trafficPort)
  const seen: string[] = []
  for (let i = 0; i < 30; i++) seen.push(await client.get())
  assert.ok(seen.includes('slow'), 'both are tried')
  assert.ok(seen.filter((name) => name === 'quick').length > 25, seen.join(' '))
  const hanging = Array.from({ length: 4 }, () => new Client(t, serve.trafficPort).get('/hang'))
  const answers = await Promise.all(hanging)
  assert.ok(answers.filter((name) => name === 'slow').length <= 2, answers.join(' '))
})

test('a redirect sends clients to the node, with 302 or 307 and the whole target', async (t) => {
  const config = file(
    'redirect.yaml',
    'candidacy: [usable, redirectToIp]\nbalance: [{ path: /named, candidacy: [usable, redirectToName node.example.com] }]\n',
  )
  const serve = await startWorkers(t, 0, {}, { args: ['--config', config] })
  const { port } = await startNode(t, (_, response) => response.end('here'))
  await serve.register('a', port, 100)
  const ask = (path: string, method: string): Promise<Response> =>
    fetch(`${url(serve)}${path}`, { method, redirect: 'manual' })
  const got = await ask('x?y=1', 'GET')
  assert.equal(got.status, 302)
  assert.equal(got.headers.get('location'), `http://127.0.0.1:${port}/x?y=1`)
  assert.equal((await ask('x', 'POST')).status, 307)
  const named = await ask('named', 'HEAD')
  assert.equal(named.headers.get('location'), `http://node.example.com:${port}/named`)
  assert.equal(await (await fetch(`${url(serve)}x`)).text(), 'here')
})

test('a function that cannot be loaded is reported before anything starts', async () => {
  const missing = file('missing.yaml', 'candidacy: [usable, ./named.mjs#byNme]\n')
  const checked = await topspin('check', missing)
  assert.equal(checked.code, 78)
  assert.match(checked.stderr, /no function byNme; there are: byField, byName, later, rubbish/)
  const started = await startTopspin(['serve', '--config', missing]).ended
  assert.equal(started.code, 78)
  assert.match(started.stderr, /no function byNme/)
})

test('a stopped node is never chosen, whatever the cascade', async (t) => {
  const config = file('stopped.yaml', 'candidacy: byRandom\n')
  const serve = await startWorkers(t, 0, {}, { args: ['--config', config] })
  for (const name of ['a', 'b']) {
    const { port } = await startNode(t, (_, response) => response.end(name))
    await serve.register(name, port, 100)
  }
  await sendMessage(serve.controlPort, 'STOP-APP', 'JVMRoute=b&Alias=localhost&Context=/')
  const client = new Client(t, serve.trafficPort)
  for (let i = 0; i < 20; i++) assert.equal(await client.get(), 'a')
})
