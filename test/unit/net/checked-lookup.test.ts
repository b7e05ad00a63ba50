// The look-up of registered nodes' names, called as Node.js calls it, and within connections and probes.

import assert from 'node:assert/strict'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { type AddressInfo, createServer, type LookupFunction } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import { nodeLookup } from '../../../src/net/checked-lookup.ts'
import { Connection, type DialReceiver } from '../../../src/net/connection.ts'
import { NodeTls } from '../../../src/net/node-tls.ts'
import { probe } from '../../../src/net/probe.ts'
import { SecureConnection } from '../../../src/net/secure-connection.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'
import { until } from '../../support/until.ts'

const v4 = (address: string): LookupAddress => ({ address, family: 4 })
const v6 = (address: string): LookupAddress => ({ address, family: 6 })

function lookupOf(
  addresses: readonly LookupAddress[],
  allow: readonly string[] = [],
  log: MemoryLog = memoryLog(),
  fixed: boolean = false,
): LookupFunction {
  const lookup = nodeLookup(allow, {
    log,
    clock: new ManualClock(),
    find(_, { all, ...rest }, callback) {
      assert.equal(all, true)
      const { family } = rest as LookupOptions
      const found = addresses.filter((entry) => !family || entry.family === family)
      setImmediate(() => callback(null, found))
    },
  })
  return lookup({ fixed })
}

/** The arguments of the callback. */
const found = (lookup: LookupFunction, options: LookupOptions, host = 'app.test') =>
  new Promise<unknown[]>((resolve) => lookup(host, options, (...args) => resolve(args)))

const refused = async (lookup: LookupFunction, options: LookupOptions = { all: true }) => {
  const [error] = await found(lookup, options)
  assert.ok(error instanceof Error && 'code' in error)
  return error.code
}

describe('the look-up of a registered node', () => {
  const mixed = [
    v4('169.254.169.254'),
    v6('fe80::1'),
    v4('10.0.0.7'),
    v6('64:ff9b::a9fe:a9fe'),
    v6('::1'),
  ]

  test('leaves refused addresses out of a list', async () => {
    assert.deepEqual(await found(lookupOf(mixed), { all: true }), [
      null,
      [v4('10.0.0.7'), v6('::1')],
    ])
  })

  test('returns the first allowed address where one is asked for', async () => {
    assert.deepEqual(await found(lookupOf(mixed), {}), [null, '10.0.0.7', 4])
    assert.deepEqual(await found(lookupOf(mixed), { all: false }), [null, '10.0.0.7', 4])
  })

  test('returns addresses of the asked family alone', async () => {
    assert.deepEqual(await found(lookupOf(mixed), { family: 6 }), [null, '::1', 6])
    assert.deepEqual(await found(lookupOf(mixed), { family: 4, all: true }), [
      null,
      [v4('10.0.0.7')],
    ])
  })

  test('fails with NODE_ADDRESS_REFUSED when no address is allowed, for each form of the call', async () => {
    const lookup = lookupOf([v4('169.254.169.254'), v6('fd00:ec2::254')])
    for (const options of [{}, { all: true }, { family: 4 }, { family: 6, all: true }] as const)
      assert.equal(await refused(lookup, options), 'NODE_ADDRESS_REFUSED')
  })

  test('allows the addresses of a list alone', async () => {
    const lookup = lookupOf(mixed, ['10.0.0.0/8'])
    assert.deepEqual(await found(lookup, { all: true }), [null, [v4('10.0.0.7')]])
    assert.equal(await refused(lookupOf([v4('127.0.0.1')], ['10.0.0.0/8'])), 'NODE_ADDRESS_REFUSED')
  })

  test('allows a listed name every address but those of metadata services, and these when they are listed', async () => {
    const lookup = lookupOf(mixed, ['.test'])
    assert.deepEqual(await found(lookup, { all: true }), [null, [v4('10.0.0.7'), v6('::1')]])
    const linkLocal = lookupOf(mixed, ['app.test', '169.254.0.0/16'])
    assert.deepEqual(await found(linkLocal, {}), [null, '169.254.169.254', 4])
    const [error] = await found(lookup, { all: true }, 'other.example')
    assert.ok(error instanceof Error)
  })

  test('leaves the addresses of a fixed node as they are', async () => {
    const lookup = lookupOf(mixed, [], memoryLog(), true)
    assert.deepEqual(await found(lookup, { all: true }), [null, mixed])
  })

  test('passes the error of the resolver on', async () => {
    const failure = new Error('ENOTFOUND')
    const lookup = nodeLookup([], {
      log: memoryLog(),
      clock: new ManualClock(),
      find: (_, __, callback) => callback(failure, undefined as unknown as []),
    })({ fixed: false })
    assert.equal((await found(lookup, { all: true }))[0], failure)
  })

  test('writes one line for many refusals', async () => {
    const log = memoryLog()
    const lookup = lookupOf(mixed, [], log)
    for (let i = 0; i < 5; i++) await found(lookup, { all: true })
    assert.deepEqual(log.messages, ['address of a node refused'])
    const addresses = ['169.254.169.254', 'fe80::1', '64:ff9b::a9fe:a9fe']
    assert.deepEqual(log.details, [{ host: 'app.test', refused: addresses }])
  })
})

/** A port whose connections are counted. */
async function counted(t: TestContext) {
  const counts = { connections: 0 }
  const server = createServer((socket) => {
    counts.connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, counts }
}

const closing = (closed: (error: Error | undefined) => void): DialReceiver => ({
  connected: () => {},
  received: () => {},
  ended: () => {},
  drained: () => {},
  closed,
  nextBuffer: () => Buffer.alloc(1_024),
  failed: () => {},
})

const codeOf = (error: Error | undefined): unknown => (error as NodeJS.ErrnoException)?.code

test('a connection to a refused address fails with its code, over TCP and TLS, and reaches nothing', async (t) => {
  const { port, counts } = await counted(t)
  const lookup = lookupOf([v4('127.0.0.1')], ['10.0.0.0/8'])
  const plain = await new Promise<Error | undefined>((resolve) =>
    Connection.dial('app.test', port, closing(resolve), lookup),
  )
  assert.equal(codeOf(plain), 'NODE_ADDRESS_REFUSED')
  const nodeTls = new NodeTls()
  const secure = await new Promise<Error | undefined>((resolve) =>
    SecureConnection.dialSecure('app.test', port, nodeTls, closing(resolve), lookup),
  )
  assert.equal(codeOf(secure), 'NODE_ADDRESS_REFUSED')
  assert.equal(counts.connections, 0)
})

test('a probe of a refused address fails with the reason, over TCP and TLS, and reaches nothing', async (t) => {
  const { port, counts } = await counted(t)
  const lookup = lookupOf([v4('127.0.0.1')], ['10.0.0.0/8'])
  const { question } = defaultCheck
  for (const type of ['http', 'https', 'ajp']) {
    const target = { host: 'app.test', port, type, question, lookup, timeoutMs: 5_000 }
    const result = await probe({ ...target, probe: 'tcp' })
    assert.equal(result.answered, false)
    assert.equal(
      result.reason,
      'its name resolves to 127.0.0.1, which control.nodes.allow does not permit',
    )
  }
  assert.equal(counts.connections, 0)
})

test('a connection to an address that is no name looks nothing up', async (t) => {
  const { port, counts } = await counted(t)
  const lookup: LookupFunction = () => assert.fail('looked up')
  await new Promise<void>((resolve) => {
    const connected = (): void => {
      connection.destroy()
      resolve()
    }
    const receiver = { ...closing(() => {}), connected }
    const connection = Connection.dial('127.0.0.1', port, receiver, lookup)
  })
  await until('the connection is accepted', () => counts.connections === 1)
})
