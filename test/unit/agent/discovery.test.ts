// The proxies of an agent: accepted and refused advertisements, the addresses behind names, and when a proxy is
// forgotten.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AdvertisedProxies } from '../../../src/agent/advertised-proxies.ts'
import { Discovery } from '../../../src/agent/discovery.ts'
import type { ProxyAddress } from '../../../src/agent/proxy-address.ts'
import type { Endpoint } from '../../../src/base/host-port.ts'
import { silent } from '../../../src/base/log.ts'
import { type Received, writeAdvertisement } from '../../../src/wire/advertise.ts'

const wall = Date.UTC(2026, 10, 21)
const received = (more: Partial<Received> = {}): Received => ({
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

describe('advertised proxies', () => {
  test('are found once, and known afterwards', () => {
    const proxies = new AdvertisedProxies(false)
    assert.equal(proxies.accept(received(), 0, wall), 'found')
    assert.equal(proxies.accept(received({ sequence: 2 }), 0, wall), 'known')
    assert.deepEqual(proxies.proxies, [{ host: '10.0.0.1', port: 6666 }])
  })

  test('over TLS are connected to over TLS', () => {
    const proxies = new AdvertisedProxies(false)
    const manager = { address: '[fe80::1]:6666', url: '/', protocol: 'https', host: 'p' } as const
    proxies.accept(received({ manager }), 0, wall)
    assert.deepEqual(proxies.proxies, [{ host: 'fe80::1', port: 6666, tls: true }])
  })

  test('repeated and old datagrams are refused', () => {
    const proxies = new AdvertisedProxies(false)
    proxies.accept(received({ sequence: 5 }), 0, wall)
    assert.equal(proxies.accept(received({ sequence: 5 }), 0, wall), 'replayed')
    assert.equal(proxies.accept(received({ sequence: 4 }), 0, wall), 'replayed')
    assert.equal(
      proxies.accept(received({ server: 'two', time: wall - 301_000 }), 0, wall),
      'stale',
    )
    assert.equal(
      proxies.accept(received({ server: 'two', time: wall + 301_000 }), 0, wall),
      'stale',
    )
  })

  test('a datagram with another address, or without the seal it had, is refused', () => {
    const proxies = new AdvertisedProxies(false)
    proxies.accept(received(), 0, wall)
    assert.equal(
      proxies.accept(received({ sequence: 2, ...at('10.0.0.66:6666') }), 0, wall),
      'moved',
    )
    assert.equal(proxies.accept(received({ sequence: 3, sealed: false }), 0, wall), 'unsealed')
    assert.deepEqual(proxies.proxies, [{ host: '10.0.0.1', port: 6666 }])
  })

  test('without a seal a datagram is refused when seals are required', () => {
    const strict = new AdvertisedProxies(true)
    assert.equal(strict.accept(received({ sealed: false }), 0, wall), 'unsealed')
    assert.equal(strict.accept(received(), 0, wall), 'found')
  })

  test('an address that cannot be connected to is refused', () => {
    const proxies = new AdvertisedProxies(false)
    for (const address of ['0.0.0.0:6666', '[::]:6666', 'a b', '']) {
      assert.equal(proxies.accept(received(at(address)), 0, wall), 'no-address', address)
    }
  })

  test('their number is limited to a hundred', () => {
    const proxies = new AdvertisedProxies(false)
    for (let i = 0; i < 100; i++) proxies.accept(received({ server: `s${i}` }), 0, wall)
    assert.equal(proxies.accept(received({ server: 'more' }), 0, wall), 'full')
  })

  test('are forgotten when they leave, unless they are still reached', () => {
    const proxies = new AdvertisedProxies(false)
    proxies.accept(received(), 0, wall)
    const leaving = received({ sequence: 2, status: 410, manager: undefined })
    assert.equal(proxies.accept(leaving, 0, wall), 'leaving')
    proxies.forget(0, () => true)
    assert.equal(proxies.proxies.length, 1)
    proxies.forget(0, () => false)
    assert.equal(proxies.proxies.length, 0)
  })

  test('are forgotten after a minute without a datagram, unless they are still reached', () => {
    const proxies = new AdvertisedProxies(false)
    proxies.accept(received(), 0, wall)
    proxies.forget(59_000, () => false)
    proxies.forget(61_000, () => true)
    assert.equal(proxies.proxies.length, 1)
    proxies.forget(61_000, () => false)
    assert.equal(proxies.proxies.length, 0)
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
    let reported: readonly ProxyAddress[] = []
    const discovery = new Discovery({
      listed,
      advertise: undefined,
      isReached: () => false,
      changed: (proxies) => {
        reported = proxies
      },
      log: silent,
      resolver: addresses(names),
    })
    await discovery.start()
    discovery.close()
    return reported
  }

  test('give all their addresses, with the name for the certificate', async () => {
    const reported = await start([{ host: 'proxies', port: 6666, tls: true }], {
      proxies: ['10.0.0.1', '10.0.0.2'],
    })
    assert.deepEqual(reported, [
      { host: '10.0.0.1', port: 6666, tls: true, name: 'proxies' },
      { host: '10.0.0.2', port: 6666, tls: true, name: 'proxies' },
    ])
  })

  test('of services give the hosts and ports of their SRV records', async () => {
    const reported = await start([{ host: '_mcmp._tcp.example.org', port: 6666 }], {
      p1: ['10.0.0.1'],
      p2: ['10.0.0.2'],
    })
    assert.deepEqual(
      reported.map(({ host, port }) => `${host}:${port}`),
      ['10.0.0.1:7001', '10.0.0.2:7002'],
    )
  })

  test('that are not resolved are connected to as they are, and so are localhost and addresses', async () => {
    const reported = await start(
      [
        { host: 'nowhere', port: 6666 },
        { host: 'localhost', port: 6666 },
        { host: '10.0.0.9', port: 6666 },
      ],
      {},
    )
    assert.deepEqual(
      reported.map(({ host }) => host),
      ['nowhere', 'localhost', '10.0.0.9'],
    )
  })
})

test('datagrams are counted by result, and invalid ones change nothing', () => {
  const lengths: number[] = []
  const discovery = new Discovery({
    listed: [],
    advertise: {
      group: { host: '224.0.1.105', port: 23364 },
      interface: undefined,
      key: 'k',
      requireMac: false,
    },
    isReached: () => false,
    changed: (proxies) => void lengths.push(proxies.length),
    log: silent,
    clock: { now: () => 0, wall: () => wall },
  })
  const good = { ...received(), sealed: undefined }
  discovery.receive(Buffer.from('junk'))
  discovery.receive(writeAdvertisement(good, 'another'))
  discovery.receive(writeAdvertisement(good, 'k'))
  discovery.receive(writeAdvertisement(good, 'k'))
  assert.deepEqual(Object.fromEntries(discovery.counts), {
    malformed: 1,
    digest: 1,
    found: 1,
    replayed: 1,
  })
  assert.deepEqual(lengths, [1])
})
