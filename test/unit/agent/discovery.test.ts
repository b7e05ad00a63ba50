// Which proxies an agent takes for there: datagrams that count and those that do not, names and what they
// stand for, and who is forgotten.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Discovery, type ProxyAddress } from '../../../src/agent/discovery.ts'
import { FoundProxies } from '../../../src/agent/found-proxies.ts'
import type { Endpoint } from '../../../src/base/host-port.ts'
import { silent } from '../../../src/base/log.ts'
import { type Received, writeAdvertisement } from '../../../src/wire/advertise.ts'

const wall = Date.UTC(2026, 10, 21)
const said = (more: Partial<Received> = {}): Received => ({
  status: 200,
  time: wall,
  sequence: 1,
  server: 'one',
  manager: { address: '10.0.0.1:6666', url: '/', protocol: 'http', host: 'p' },
  sealed: true,
  ...more,
})
const at = (address: string): Partial<Received> => ({
  manager: { address, url: '/', protocol: 'http', host: 'p' },
})

describe('proxies that tell of themselves', () => {
  test('are found once, and known from then on', () => {
    const found = new FoundProxies({ requireSeal: false })
    assert.equal(found.heard(said(), 0, wall), 'found')
    assert.equal(found.heard(said({ sequence: 2 }), 0, wall), 'known')
    assert.deepEqual(found.proxies, [{ host: '10.0.0.1', port: 6666 }])
  })

  test('over TLS are reached over TLS', () => {
    const found = new FoundProxies({ requireSeal: false })
    const manager = { address: '[fe80::1]:6666', url: '/', protocol: 'https', host: 'p' } as const
    found.heard(said({ manager }), 0, wall)
    assert.deepEqual(found.proxies, [{ host: 'fe80::1', port: 6666, tls: true }])
  })

  test('a datagram that comes again, or is old, does not count', () => {
    const found = new FoundProxies({ requireSeal: false })
    found.heard(said({ sequence: 5 }), 0, wall)
    assert.equal(found.heard(said({ sequence: 5 }), 0, wall), 'replayed')
    assert.equal(found.heard(said({ sequence: 4 }), 0, wall), 'replayed')
    assert.equal(found.heard(said({ server: 'two', time: wall - 301_000 }), 0, wall), 'stale')
    assert.equal(found.heard(said({ server: 'two', time: wall + 301_000 }), 0, wall), 'stale')
  })

  test('a known one does not move, and does not lose its seal', () => {
    const found = new FoundProxies({ requireSeal: false })
    found.heard(said(), 0, wall)
    assert.equal(found.heard(said({ sequence: 2, ...at('10.0.0.66:6666') }), 0, wall), 'moved')
    assert.equal(found.heard(said({ sequence: 3, sealed: false }), 0, wall), 'unsealed')
    assert.deepEqual(found.proxies, [{ host: '10.0.0.1', port: 6666 }])
  })

  test('without a seal none counts where it is asked for', () => {
    const strict = new FoundProxies({ requireSeal: true })
    assert.equal(strict.heard(said({ sealed: false }), 0, wall), 'unsealed')
    assert.equal(strict.heard(said(), 0, wall), 'found')
  })

  test('an address that leads nowhere is not taken', () => {
    const found = new FoundProxies({ requireSeal: false })
    for (const address of ['0.0.0.0:6666', '[::]:6666', 'a b', '']) {
      assert.equal(found.heard(said(at(address)), 0, wall), 'no-address', address)
    }
  })

  test('there is room for a hundred', () => {
    const found = new FoundProxies({ requireSeal: false })
    for (let i = 0; i < 100; i++) found.heard(said({ server: `s${i}` }), 0, wall)
    assert.equal(found.heard(said({ server: 'more' }), 0, wall), 'full')
  })

  test('goodbye is a hint: who can be reached stays', () => {
    const found = new FoundProxies({ requireSeal: false })
    found.heard(said(), 0, wall)
    const goodbye = said({ sequence: 2, status: 410, manager: undefined })
    assert.equal(found.heard(goodbye, 0, wall), 'leaving')
    assert.equal(
      found.forget(0, () => true),
      false,
    )
    assert.equal(
      found.forget(0, () => false),
      true,
    )
    assert.deepEqual(found.proxies, [])
  })

  test('who is silent and cannot be reached is forgotten after a minute', () => {
    const found = new FoundProxies({ requireSeal: false })
    found.heard(said(), 0, wall)
    assert.equal(
      found.forget(59_000, () => false),
      false,
    )
    assert.equal(
      found.forget(61_000, () => true),
      false,
    )
    assert.equal(
      found.forget(61_000, () => false),
      true,
    )
  })
})

describe('names', () => {
  const addresses = (names: Record<string, readonly string[]>) => ({
    addresses: async (name: string) => {
      const known = names[name]
      if (known === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
      return known
    },
    services: async () => [
      { host: 'p1', port: 7001 },
      { host: 'p2', port: 7002 },
    ],
  })
  const start = async (listed: readonly Endpoint[], names: Record<string, readonly string[]>) => {
    let told: readonly ProxyAddress[] = []
    const discovery = new Discovery({
      listed,
      advertise: undefined,
      isReached: () => false,
      changed: (proxies) => {
        told = proxies
      },
      log: silent,
      resolver: addresses(names),
    })
    await discovery.start()
    discovery.close()
    return told
  }

  test('stand for all their addresses, which keep the name for the certificate', async () => {
    const told = await start([{ host: 'proxies', port: 6666, tls: true }], {
      proxies: ['10.0.0.1', '10.0.0.2'],
    })
    assert.deepEqual(told, [
      { host: '10.0.0.1', port: 6666, tls: true, name: 'proxies' },
      { host: '10.0.0.2', port: 6666, tls: true, name: 'proxies' },
    ])
  })

  test('of services stand for the hosts and ports of their SRV records', async () => {
    const told = await start([{ host: '_mcmp._tcp.example.org', port: 6666 }], {
      p1: ['10.0.0.1'],
      p2: ['10.0.0.2'],
    })
    assert.deepEqual(
      told.map(({ host, port }) => `${host}:${port}`),
      ['10.0.0.1:7001', '10.0.0.2:7002'],
    )
  })

  test('that are not found are tried as they are, and this machine is left as it is', async () => {
    const told = await start(
      [
        { host: 'nowhere', port: 6666 },
        { host: 'localhost', port: 6666 },
        { host: '10.0.0.9', port: 6666 },
      ],
      {},
    )
    assert.deepEqual(
      told.map(({ host }) => host),
      ['nowhere', 'localhost', '10.0.0.9'],
    )
  })
})

test('datagrams are counted by what became of them, and junk does nothing', () => {
  const told: number[] = []
  const discovery = new Discovery({
    listed: [],
    advertise: {
      group: { host: '224.0.1.105', port: 23364 },
      interface: undefined,
      key: 'k',
      requireMac: false,
    },
    isReached: () => false,
    changed: (proxies) => told.push(proxies.length),
    log: silent,
    clock: { now: () => 0, wall: () => wall },
  })
  const good = { ...said(), sealed: undefined }
  discovery.heard(Buffer.from('junk'))
  discovery.heard(writeAdvertisement(good, 'another'))
  discovery.heard(writeAdvertisement(good, 'k'))
  discovery.heard(writeAdvertisement(good, 'k'))
  assert.deepEqual(Object.fromEntries(discovery.counts), {
    malformed: 1,
    digest: 1,
    found: 1,
    replayed: 1,
  })
  assert.deepEqual(told, [1])
})
