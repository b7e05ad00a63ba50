// A proxy tells of itself by multicast, nodes register by themselves. Over the loopback interface, each
// test in a group of its own.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { AdvertiseOptions } from '../../src/agent/advertise-options.ts'
import { joinCluster } from '../../src/agent/index.ts'
import { freePorts } from '../support/free-ports.ts'
import { multicastWorks } from '../support/multicast.ts'
import { startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'

const loopback = '127.0.0.1'

const skip = (await multicastWorks()) ? false : 'no multicast on the loopback interface'

async function node(t: TestContext, advertise: AdvertiseOptions) {
  const server = createServer((_, response) => response.end('from the node'))
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve))
  const said: string[] = []
  const say = (_: object, message: string): void => void said.push(message)
  const log = { debug: say, info: say, warn: say, error: say }
  const agent = await joinCluster(server, {
    advertise,
    contexts: ['/'],
    route: `n${(server.address() as AddressInfo).port}`,
    reportIntervalMs: 200,
    log,
  })
  t.after(() => agent.close())
  return { agent, said }
}

async function proxy(t: TestContext, group: string, key: string) {
  const running = await startServe(['--workers', '0', '--advertise', group], {
    TOPSPIN_ADVERTISE_KEY: key,
    TOPSPIN_ADVERTISE_INTERFACE: loopback,
    TOPSPIN_ADVERTISE_EVERY: '200ms',
  })
  t.after(() => running.child.kill('SIGKILL'))
  return running
}

async function group(): Promise<string> {
  const [port] = await freePorts(1)
  return `239.255.77.10:${port}`
}

test('a node registers with the proxy that it hears, and forgets it when that leaves', {
  skip,
}, async (t) => {
  const at = await group()
  const { agent } = await node(t, { group: at, key: 'k', interface: loopback })
  assert.deepEqual(agent.status, [])
  const first = await proxy(t, at, 'k')
  await until('the node is registered', () => agent.status[0]?.state.kind === 'report')
  const answer = await fetch(first.traffic)
  assert.equal(await answer.text(), 'from the node')
  first.child.kill('SIGTERM')
  await first.ended
  await until('the proxy is forgotten', () => agent.status.length === 0, 15_000)
})

test('a proxy with another key, or without, is not believed', { skip }, async (t) => {
  const at = await group()
  const { agent, said } = await node(t, { group: at, key: 'k', interface: loopback })
  await proxy(t, at, 'another')
  await until('the node says why', () => said.some((text) => text.includes('another key')))
  assert.deepEqual(agent.status, [])
})
