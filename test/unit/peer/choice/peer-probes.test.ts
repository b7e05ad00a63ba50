// Which peers are probed, and what becomes of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { type NodeLive, newLive } from '../../../../src/cluster/live.ts'
import type { Candidate } from '../../../../src/cluster/routes.ts'
import type { Traffic } from '../../../../src/forward/index.ts'
import { PeerProbes } from '../../../../src/peer/choice/peer-probes.ts'
import { until } from '../../../support/until.ts'

/** As much of the traffic and of a peer as probes read. */
function bench(port: number, live: NodeLive) {
  const logged: string[] = []
  const note = (_: object, text: string): void => void logged.push(text)
  const traffic = {
    clock: { now: () => 1_000 },
    ticker: { now: 1_000 },
    random: () => 0.5,
    settings: { health: { backoffMs: 250, backoffMaxMs: 10_000 } },
    log: { info: note, warn: note },
    pools: {},
  } as unknown as Traffic
  const node = { id: 1, route: 'p', host: '127.0.0.1', port, type: 'http' }
  const candidate = { node, live, peer: { isSelf: false } } as unknown as Candidate
  return { probes: new PeerProbes(traffic), candidate, logged }
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a peer of which a response failed is probed, and is down when nothing listens there', async () => {
  const live = newLive()
  const { probes, candidate, logged } = bench(await closedPort(), live)
  probes.tick([candidate])
  assert.deepEqual(live.health, { kind: 'up' })
  live.health = { kind: 'suspect', misses: 0, probeAt: 900 }
  probes.tick([candidate])
  await until('it is down', () => live.health.kind === 'down')
  assert.deepEqual(logged, ['peer is down'])
})

test('a suspect that accepts connections is up again', async (t) => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const live = newLive()
  const { probes, candidate, logged } = bench((server.address() as AddressInfo).port, live)
  live.health = { kind: 'suspect', misses: 0, probeAt: 1_100 }
  probes.tick([candidate])
  assert.equal(live.health.kind, 'suspect', 'not before its time')
  live.health = { kind: 'suspect', misses: 0, probeAt: 1_000 }
  probes.tick([candidate])
  await until('it is up', () => live.health.kind === 'up')
  assert.deepEqual(logged, [])
})
