// Web servers that share their requests, each a process of its own that knows nothing of Topspin but its
// environment: they find each other, hand over, and lose nothing when one of them goes.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { get } from '../../support/node-server.ts'
import { PeerApps, periodMs, untilHandsTo } from '../../support/peer-apps.ts'
import { get as getText, post, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { webSocket } from '../../support/web-socket.ts'

const away = { TOPSPIN_CANDIDACY: 'byAge 5, removeSelf, byRandom' }
const shared = { TOPSPIN_CANDIDACY: 'byAge 5, byRandom' }

interface Told {
  readonly name: string
  readonly method: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly body: string
}

test('peers find each other, hand over bodies and WebSockets, and show the real client', async (t) => {
  const apps = await PeerApps.make(t)
  const a = await apps.start('a', away)
  await apps.start('b', { TOPSPIN_CANDIDACY: 'off' })
  await untilHandsTo(a, '"b"')
  const client = await RawClient.connect(t, a.port)
  const told: Told = JSON.parse((await client.ask(post('/x', 'some words'))).body.toString())
  assert.deepEqual(
    [told.name, told.method, told.body, told.remoteAddress, told.remotePort],
    ['b', 'POST', 'some words', '127.0.0.1', client.socket.localPort],
  )
  const socket = webSocket(`ws://127.0.0.1:${a.port}/ws`)
  t.after(() => socket.terminate())
  const heard: string[] = []
  socket.on('message', (data) => heard.push(data.toString()))
  socket.on('open', () => socket.send('echo'))
  await until(
    'the WebSocket answers',
    () => heard.length === 2,
    10_000,
    () => heard,
  )
  assert.deepEqual(heard, ['b', 'echo'])
})

test('a redirected client gets the address of the peer', async (t) => {
  const apps = await PeerApps.make(t)
  const redirects = { TOPSPIN_CANDIDACY: 'byAge 5, removeSelf, redirectToIp' }
  const a = await apps.start('a', redirects)
  const b = await apps.start('b', { TOPSPIN_CANDIDACY: 'off' })
  const client = await RawClient.connect(t, a.port)
  await until('a sends elsewhere', async () => (await client.ask(getText('/y?z'))).status === 302)
  const answer = await client.ask(post('/y?z', 'body'))
  assert.equal(answer.status, 307)
  assert.equal(answer.get('location'), `http://127.0.0.1:${b.port}/y?z`)
})

test('nothing is lost when a peer leaves, is killed, freezes and comes back', async (t) => {
  const apps = await PeerApps.make(t, shared)
  const a = await apps.start('a')
  let b = await apps.start('b')
  const c = await apps.start('c')
  await untilHandsTo(a, '"b"')
  await untilHandsTo(a, '"c"')
  const seen = new Map<string, number>()
  const slowest = { ms: 0 }
  let running = true
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const visitor = async (): Promise<void> => {
    while (running) {
      const begun = performance.now()
      const { status, text } = await get(a.port, '/', {}, agent)
      slowest.ms = Math.max(slowest.ms, performance.now() - begun)
      const key = `${status} ${/"name":"(\w)"/.exec(text)?.[1]}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const visitors = Promise.all(Array.from({ length: 8 }, visitor))
  const goes = (by: string): Promise<void> => {
    const before = seen.get(by) ?? 0
    return until(
      `more of ${by}`,
      () => (seen.get(by) ?? 0) > before + 20,
      20_000,
      () => [...seen],
    )
  }
  await goes('200 b')
  b.process.kill('SIGTERM')
  assert.equal(await b.ended, 'SIGTERM', b.output())
  await goes('200 c')
  b = await apps.start('b')
  await goes('200 b')
  b.process.kill('SIGKILL')
  await goes('200 c')
  c.process.kill('SIGSTOP')
  await goes('200 a')
  c.process.kill('SIGCONT')
  await goes('200 c')
  running = false
  await visitors
  assert.deepEqual([...seen.keys()].sort(), ['200 a', '200 b', '200 c'])
  // Who waits for a frozen peer is served here when it has been silent for three periods.
  assert.ok(slowest.ms < 3 * periodMs + 2_000, `${slowest.ms} ms`)
  t.diagnostic(`${[...seen]}, slowest ${Math.round(slowest.ms)} ms`)
})

for (const name of ['express', 'fastify']) {
  test(`an unmodified ${name} application hands over requests and receives them`, async (t) => {
    const apps = await PeerApps.make(t)
    const framework = await apps.start('x', away, `${name}-app`)
    const plain = await apps.start('y', away)
    await untilHandsTo(plain, name)
    await untilHandsTo(framework, '"y"')
    const slow = get(plain.port, '/slow')
    await new Promise((resolve) => setTimeout(resolve, 50))
    framework.process.kill('SIGTERM')
    assert.equal((await slow).text, 'slow')
    assert.equal(await framework.ended, name === 'fastify' ? 7 : 'SIGTERM', framework.output())
  })
}

test('all bad settings are reported, and the application runs without peers', async (t) => {
  const apps = await PeerApps.make(t)
  const bad = { TOPSPIN_PERIOD: 'soon', TOPSPIN_CANDIDACYS: 'byAge', TOPSPIN_TTL: '900' }
  const a = await apps.start('a', bad)
  for (const word of [/PERIOD="soon"/, /TOPSPIN_CANDIDACY\b/, /TTL/]) assert.match(a.output(), word)
  assert.match((await get(a.port)).text, /"a"/)
  const wrong = await apps.start('b', { TOPSPIN_CANDIDACY: 'byAge 5, byLod' })
  await until('it is told', () => /did you mean byLoad/.test(wrong.output()), 5_000, wrong.output)
})
