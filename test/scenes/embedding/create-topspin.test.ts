// `createTopspin`: a proxy with the options of the configuration file, as an object.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { createTopspin, type TopspinOptions } from '../../../src/index.ts'
import { listening, node } from '../../support/embedded.ts'
import { until } from '../../support/until.ts'

const started = async (
  t: { after(end: () => Promise<void>): void },
  options: TopspinOptions,
): Promise<ReturnType<typeof createTopspin>> => {
  const topspin = createTopspin(options)
  t.after(() => topspin.close())
  await topspin.start()
  return topspin
}

const text = async (url: string): Promise<string> => (await fetch(url)).text()

test('it serves the nodes of `to`, tells its addresses, explains and measures', async (t) => {
  const to = await node(t, 'a', (_, response) => response.end('a'))
  const topspin = await started(t, { listen: '127.0.0.1:0', to })
  const [url = ''] = topspin.addresses.traffic
  assert.equal(topspin.addresses.control, undefined)
  assert.equal(await text(url), 'a')
  const { node: route } = await topspin.explain('/')
  assert.match(`${route}`, /^127-0-0-1-/)
  await assert.rejects(topspin.explain('no url'), { code: 'BAD_OPTION' })
  assert.match(await topspin.metrics(), /^topspin_requests_total 1$/m)
})

test('nodes join at its control listener, and listeners are told', async (t) => {
  const topspin = createTopspin({ listen: '127.0.0.1:0', control: { listen: '127.0.0.1:0' } })
  const events: string[] = []
  const stop = topspin.onEvent(({ message }) => events.push(message))
  t.after(() => topspin.close())
  await topspin.start()
  const server = createServer((_, response) => response.end('joined'))
  await listening(t, server)
  const agent = await joinCluster(server, {
    proxies: [new URL(topspin.addresses.control ?? '').host],
    route: 'a',
    required: true,
    log: false,
  })
  assert.equal(await text(topspin.addresses.traffic[0] ?? ''), 'joined')
  await agent.close()
  await until(
    'the leave is told',
    () => events.includes('node left'),
    5_000,
    () => events,
  )
  assert.ok(events.includes('node joined'))
  stop()
})

test('a reload puts other nodes in force, and a bad one changes nothing', async (t) => {
  const [a, b] = [
    await node(t, 'a', (_, response) => response.end('a')),
    await node(t, 'b', (_, response) => response.end('b')),
  ]
  const topspin = await started(t, { listen: '127.0.0.1:0', to: a })
  const [url = ''] = topspin.addresses.traffic
  const listen = '127.0.0.1:0'
  await assert.rejects(topspin.reload({ listen, too: b } as TopspinOptions), {
    code: 'BAD_OPTION',
    message: /too: unknown key; did you mean to\?/,
  })
  await assert.rejects(topspin.reload({ listen, to: b, control: {} }), /cannot be added/)
  assert.equal(await text(url), 'a')
  assert.deepEqual((await topspin.reload({ listen, to: b })).restartKeys, [])
  assert.equal(await text(url), 'b')
})

test('instances live side by side, leave the signals of the program alone, and end on their own', async (t) => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const
  const before = signals.map((signal) => process.listenerCount(signal))
  const to = await node(t, 'a', (_, response) => response.end('a'))
  const one = await started(t, { listen: '127.0.0.1:0', to })
  const two = await started(t, { listen: '127.0.0.1:0', to })
  assert.deepEqual(
    signals.map((signal) => process.listenerCount(signal)),
    before,
  )
  await one.drain(1_000)
  await assert.rejects(fetch(one.addresses.traffic[0] ?? ''))
  assert.equal(await text(two.addresses.traffic[0] ?? ''), 'a')
})

test('wrong options and addresses in use are told', async (t) => {
  assert.throws(() => createTopspin({ listen: 'nowhere' }), { code: 'BAD_OPTION' })
  assert.throws(() => createTopspin({ workers: 2 } as TopspinOptions), /workers: not used here/)
  const topspin = createTopspin({ listen: await node(t, 'a') })
  await assert.rejects(topspin.start(), { code: 'LISTEN' })
  assert.throws(() => topspin.addresses, { code: 'NOT_STARTED' })
})

test('a start that failed may be repeated, and one that was closed is not started again', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const topspin = createTopspin({ listen: `127.0.0.1:${port}` })
  await assert.rejects(topspin.start(), { code: 'LISTEN' })
  server.close()
  await once(server, 'close')
  await topspin.start()
  assert.deepEqual(topspin.addresses.traffic, [`http://127.0.0.1:${port}/`])
  await topspin.close()
  const isClosed = { code: 'NOT_STARTED', message: /has been closed/ }
  await assert.rejects(topspin.start(), isClosed)
  await assert.rejects(topspin.reload({ listen: `127.0.0.1:${port}` }), isClosed)
  const early = createTopspin({ listen: '127.0.0.1:0' })
  await early.close()
  await assert.rejects(early.start(), isClosed)
})
