import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silent } from '../../../src/base/log.ts'
import { AddressLookup, type Resolver } from '../../../src/net/address-lookup.ts'
import { memoryLog } from '../../support/memory-log.ts'

const answers = (
  names: Record<string, string[]>,
  services: Record<string, string[]> = {},
): Resolver => ({
  addresses: async (name) => names[name] ?? Promise.reject(new Error(`ENOTFOUND ${name}`)),
  services: async (name) =>
    (services[name] ?? []).map((target) => {
      const [host = '', port] = target.split(':')
      return { host, port: Number(port) }
    }),
})

test('a name gives all its addresses, an address itself, and duplicates are removed', async () => {
  const entries = [
    { host: '10.0.0.1', port: 1 },
    { host: 'web', port: 1 },
  ]
  const lookup = new AddressLookup(
    entries,
    answers({ web: ['10.0.0.1', '10.0.0.2', '::1'] }),
    silent,
  )
  assert.deepEqual(lookup.addresses(), [{ host: '10.0.0.1', port: 1 }])
  await lookup.refresh()
  assert.deepEqual(
    lookup.addresses().map(({ host }) => host),
    ['10.0.0.1', '10.0.0.2', '::1'],
  )
})

test('a service name gives its ports, too', async () => {
  const resolver = answers({ a: ['10.0.0.1'], b: ['10.0.0.2'] }, { '_p._udp.x': ['a:5', 'b:6'] })
  const lookup = new AddressLookup([{ host: '_p._udp.x', port: 9 }], resolver, silent)
  await lookup.refresh()
  assert.deepEqual(lookup.addresses(), [
    { host: '10.0.0.1', port: 5 },
    { host: '10.0.0.2', port: 6 },
  ])
})

test('addresses stay while a look-up fails, and the failure is logged once', async () => {
  const names: Record<string, string[]> = { web: ['10.0.0.1'] }
  const log = memoryLog()
  const lookup = new AddressLookup([{ host: 'web', port: 1 }], answers(names), log)
  await lookup.refresh()
  delete names['web']
  await lookup.refresh()
  await lookup.refresh()
  assert.equal(lookup.addresses().length, 1)
  assert.deepEqual(log.messages, ['name not resolved'])
  names['web'] = ['10.0.0.9']
  await lookup.refresh()
  assert.deepEqual(lookup.addresses(), [{ host: '10.0.0.9', port: 1 }])
  assert.deepEqual(log.messages, ['name not resolved', 'name resolved again'])
})
