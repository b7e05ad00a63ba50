// A proxy advertises itself by multicast, and nodes register. On the loopback interface, each test in a group of its
// own.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import type { AdvertiseOptions } from '../../../src/agent/advertise-options.ts'
import { joinCluster } from '../../../src/agent/index.ts'
import { freePorts } from '../../support/free-ports.ts'
import { multicastWorks } from '../../support/multicast.ts'
import { startServe, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const loopback = '127.0.0.1'

const skip = (await multicastWorks('239.255.77.9', loopback))
  ? false
  : 'no multicast on the loopback interface'
/** Linux has no multicast by IPv6 on the loopback interface. */
const interface6 = Object.entries(networkInterfaces()).find(([, entries = []]) =>
  entries.some(({ family, internal }) => family === 'IPv6' && !internal),
)?.[0]
const skip6 =
  interface6 !== undefined && (await multicastWorks('ff02::7709', interface6))
    ? false
    : 'no interface with multicast by IPv6'

async function node(t: TestContext, advertise: AdvertiseOptions, more: { secret?: string } = {}) {
  const server = createServer((_, response) => response.end('from the node'))
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve))
  const logged: string[] = []
  const write = (_: object, message: string): void => void logged.push(message)
  const log = { debug: write, info: write, warn: write, error: write }
  const agent = await joinCluster(server, {
    advertise,
    contexts: ['/'],
    route: `n${(server.address() as AddressInfo).port}`,
    reportIntervalMs: 200,
    log,
    ...more,
  })
  t.after(() => agent.close())
  return { agent, logged }
}

async function proxy(t: TestContext, group: string, key: string, which: string = loopback) {
  const running = await startServe(['--workers', '0', '--advertise', group], {
    TOPSPIN_ADVERTISE_KEY: key,
    TOPSPIN_ADVERTISE_INTERFACE: which,
    TOPSPIN_ADVERTISE_EVERY: '200ms',
  })
  t.after(() => running.child.kill('SIGKILL'))
  return running
}

async function group(): Promise<string> {
  const [port] = await freePorts(1)
  return `239.255.77.10:${port}`
}

test('an advertised proxy receives the secret only when advertisements are authenticated', {
  skip,
}, async (t) => {
  const at = await group()
  const running = await startServe(['--workers', '0', '--advertise', at], {
    TOPSPIN_ADVERTISE_KEY: 'the key',
    TOPSPIN_ADVERTISE_INTERFACE: loopback,
    TOPSPIN_ADVERTISE_EVERY: '200ms',
    TOPSPIN_CONTROL_SECRET: 'open-sesame',
  })
  t.after(() => running.child.kill('SIGKILL'))
  const secret = { secret: 'open-sesame' }
  const advertise = { group: at, interface: loopback, key: 'the key' }
  const careful = await node(t, advertise, secret)
  const stateOf = ({ agent }: typeof careful): string => agent.status[0]?.state.kind ?? ''
  await until('the node has tried', () =>
    careful.logged.join().includes('not registered with proxy'),
  )
  const sure = await node(t, { ...advertise, requireMac: true }, secret)
  await until('the node has registered', () => stateOf(sure) === 'report')
  assert.equal(stateOf(careful), 'discover')
})

test('a node registers with an advertised proxy, and forgets it after it has left', {
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

test('a node registers with a proxy that advertises over IPv6', { skip: skip6 }, async (t) => {
  const [port] = await freePorts(1)
  const at = `[ff02::7710]:${port}`
  const { agent } = await node(t, { group: at, key: 'k', interface: interface6 ?? '' })
  await proxy(t, at, 'k', interface6)
  await until('the node is registered', () => agent.status[0]?.state.kind === 'report')
})

test('an advertisement with another key is refused', { skip }, async (t) => {
  const at = await group()
  const { agent, logged } = await node(t, { group: at, key: 'k', interface: loopback })
  await proxy(t, at, 'another')
  await until('the node has logged why', () =>
    logged.some((text) => text.includes('a key other than')),
  )
  assert.deepEqual(agent.status, [])
})

test('the doctor receives the advertisement, asks the proxy and reports its problems', {
  skip,
}, async (t) => {
  const at = await group()
  await proxy(t, at, 'k')
  const look = (key: string) =>
    startTopspin(['doctor', '--advertise', at, '--interface', loopback, '--wait', '5s', '--json'], {
      env: { TOPSPIN_ADVERTISE_KEY: key },
    }).ended
  const found = await look('k')
  const results = (text: string) =>
    (JSON.parse(text) as { result: string; what: string }[]).map(
      ({ result, what }) => `${result} ${what}`,
    )
  // A proxy without a node is what is left to complain about.
  assert.deepEqual(results(found.stdout), [
    'ok multicast',
    'ok advertise',
    'ok control listener',
    'fail nodes',
  ])
  assert.equal(found.code, 1)
})

test('the doctor reports a wrong key', { skip }, async (t) => {
  const at = await group()
  await proxy(t, at, 'k')
  const { code, stdout } = await startTopspin(
    ['doctor', '--advertise', at, '--interface', loopback, '--wait', '1s'],
    { env: { TOPSPIN_ADVERTISE_KEY: 'other' } },
  ).ended
  assert.equal(code, 1)
  assert.match(stdout, /signed with another key/)
})
