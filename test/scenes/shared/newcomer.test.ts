// A proxy that joins a shared registry with many nodes, while nodes change and clients send requests: it is ready soon, knows the
// load factor of every node, and sends its first requests to many of them.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { McmpClient } from '../../../src/net/mcmp-client.ts'
import type { Message } from '../../../src/wire/mcmp/message.ts'
import { ask, equal, type FleetProxy, startFleetProxy } from '../../support/fleet.ts'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

/** As many as two cores register within some ten seconds, beside all processes of the scene. */
const count = 2_000
const lanes = 16
/** The first requests: so many at once, several times. */
const atOnce = 100
const batches = 4
/** How long a node takes for each. */
const answerMs = 50
const limits = String(count + 100)
const more = {
  deadlineMs: 280_000,
  env: {
    TOPSPIN_CONTROL_LIMITS_NODES: limits,
    TOPSPIN_CONTROL_LIMITS_ALIASES: limits,
    TOPSPIN_CONTROL_LIMITS_CONTEXTS: limits,
  },
}
/** All of 127/8 is this machine on Linux. */
const skip = process.platform === 'linux' ? noNats : 'needs an address for each node'

test('a proxy that joins a fleet with thousands of nodes', { skip }, async (t) => {
  const nats = await startNats(3)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b'], nats.urls, {
    nodes: 2,
    proxy: () => more,
  })
  const begun = performance.now()
  await registerCrowd(t, stage.proxies)
  t.diagnostic(`${count} nodes registered in ${Math.round(performance.now() - begun)} ms`)

  await stage.under('a third one starts', async () => {
    const started = performance.now()
    const proxy = await startFleetProxy(t, 'front-c', nats.urls, more)
    const listening = performance.now()
    const served = new Map<string, number>()
    let isReady = false
    // Clients that do not wait until it is ready count, too.
    const request = async (): Promise<void> => {
      const { status, body } = await ask(proxy.port, '/crowd')
      if (isReady) assert.equal(status, 200, body)
      if (status === 200) served.set(body, (served.get(body) ?? 0) + 1)
    }
    const ready = until(
      'it is ready',
      async () => (await fetch(new URL('/readyz', proxy.control))).ok,
    ).then(() => {
      isReady = true
      return performance.now()
    })
    while (!isReady) await request()
    const tookMs = (await ready) - listening
    const { nodes } = await proxy.status()
    const early = [...served.values()].reduce((sum, requests) => sum + requests, 0)
    served.clear()
    for (let batch = 0; batch < batches; batch++)
      await Promise.all(Array.from({ length: atOnce }, request))

    const factors = nodes.filter(({ route }) => route.startsWith('crowd-'))
    assert.equal(factors.length, count)
    assert.deepEqual(
      factors.filter(({ route, loadFactor }) => loadFactor !== factorOf(numberOf(route))).length,
      0,
      'all load factors are known',
    )
    const most = Math.max(...served.values())
    t.diagnostic(
      `listening after ${Math.round(listening - started)} ms, ready ${Math.round(tookMs)} ms later; ${early} requests before that; ${served.size} nodes served, one at most ${most}`,
    )
    // Some 2 s on two busy cores.
    assert.ok(tookMs < 6_000, `ready ${tookMs} ms after it listens`)
    assert.ok(served.size >= atOnce / 2, `${served.size} nodes`)
    assert.ok(most < (batches * atOnce) / 10, `one of them ${most} times`)
    await equal([proxy], stage.nodes)
    await proxy.stop()
  })
  await stage.end()
})

const numberOf = (route: string): number => Number(route.slice('crowd-'.length))

const factorOf = (node: number): number => 40 + (node % 20)

/** Nodes that share one server, each with an address of its own, by which it answers. */
async function registerCrowd(t: TestContext, proxies: readonly FleetProxy[]): Promise<void> {
  const server = createServer(({ socket }, response) => {
    setTimeout(() => response.end(socket.localAddress), answerMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const lane = async (from: number): Promise<void> => {
    const { hostname, port: control } = new URL(
      (proxies[from % proxies.length] as FleetProxy).control,
    )
    const client = new McmpClient({ host: hostname, port: Number(control) })
    const send = async (message: Message): Promise<void> => {
      const sent = await client.send(message)
      assert.ok(sent.ok, sent.ok ? '' : sent.error.message)
    }
    const own = Array.from({ length: count / lanes }, (_, turn) => from + turn * lanes)
    for (const node of own) for (const message of registration(node, port)) await send(message)
    // The first reports may be old by now.
    for (const node of own) await send(report(node))
    client.close()
  }
  await Promise.all(Array.from({ length: lanes }, (_, from) => lane(from)))
}

function registration(node: number, port: number): readonly Message[] {
  const route = `crowd-${node}`
  const host = `127.7.${node >> 8}.${node & 255}`
  return [
    { method: 'CONFIG', route, host, port, type: 'http', aliases: [], contexts: [] },
    {
      method: 'ENABLE-APP',
      wildcard: false,
      route,
      aliases: ['localhost'],
      contexts: ['/crowd'],
      sender: 'node',
    },
  ]
}

const report = (node: number): Message => ({
  method: 'STATUS',
  route: `crowd-${node}`,
  load: factorOf(node),
})
