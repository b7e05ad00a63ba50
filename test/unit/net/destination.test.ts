import assert from 'node:assert/strict'
import { test } from 'node:test'
import { broadcastOf, destination } from '../../../src/net/destination.ts'
import { interfacesText, ownInterface, ownNetworks } from '../../../src/net/own-interface.ts'

const kindOf = (host: string, networks: string[] = ['10.1.2.3/20', '127.0.0.1/8']): string =>
  destination({ host, port: 4445 }, networks).kind

test('groups, broadcast addresses and hosts are recognised', () => {
  for (const group of ['224.0.0.1', '239.255.77.1', 'ff02::1', 'FF15::77']) {
    assert.equal(kindOf(group), 'group', group)
  }
  for (const all of ['255.255.255.255', '10.1.15.255', '127.255.255.255']) {
    assert.equal(kindOf(all), 'broadcast', all)
  }
  for (const host of ['10.1.2.255', '223.1.1.1', '240.0.0.1', '127.0.0.1', '::1', 'fe80::1']) {
    assert.equal(kindOf(host), 'host', host)
  }
})

test('the broadcast address is the last of its network', () => {
  assert.equal(broadcastOf('192.168.7.9/24'), '192.168.7.255')
  assert.equal(broadcastOf('192.168.7.129/25'), '192.168.7.255')
  assert.equal(broadcastOf('200.0.0.1/30'), '200.0.0.3')
  for (const none of ['10.0.0.1/32', '10.0.0.1/31', 'fe80::1/64', 'x', '10.0.0.1']) {
    assert.equal(broadcastOf(none), undefined, none)
  }
})

const entry = (address: string, family: 'IPv4' | 'IPv6', cidr: string, scopeid: number) => ({
  address,
  family,
  cidr,
  netmask: '',
  mac: '',
  internal: false,
  scopeid,
})
const machine = {
  eth0: [
    entry('10.0.0.7', 'IPv4', '10.0.0.7/24', 0),
    entry('10.0.0.8', 'IPv4', '10.0.0.8/24', 0),
    entry('fe80::1', 'IPv6', 'fe80::1/64', 3),
  ],
  wg0: [entry('10.9.0.1', 'IPv4', '10.9.0.1/32', 0)],
} as NonNullable<Parameters<typeof ownInterface>[1]>

test('an interface is found by its name and by each of its addresses', () => {
  assert.equal(ownInterface('eth0', machine)?.v4, '10.0.0.7')
  assert.equal(ownInterface('10.0.0.8', machine)?.v4, '10.0.0.8')
  const byV6 = ownInterface('fe80::1', machine)
  assert.deepEqual([byV6?.name, byV6?.v4], ['eth0', '10.0.0.7'])
  assert.match(byV6?.v6 ?? '', /^::%(eth0|3)$/)
  assert.equal(ownInterface('wg0', machine)?.v6, undefined)
  assert.equal(ownInterface('10.0.0.9', machine), undefined)
})

test('networks are listed with their prefix, and a change of interfaces changes their text', () => {
  assert.deepEqual(ownNetworks(machine).length, 4)
  assert.notEqual(interfacesText(machine), interfacesText({ eth0: machine['eth0'] ?? [] }))
  assert.equal(
    interfacesText(machine),
    interfacesText({ wg0: machine['wg0'] ?? [], eth0: machine['eth0'] ?? [] }),
  )
})
