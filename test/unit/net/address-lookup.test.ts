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

test('a name stands for all its addresses, an address for itself, and none comes twice', async () => {
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

test('a service name brings its ports along', async () => {
  const resolver = answers({ a: ['10.0.0.1'], b: ['10.0.0.2'] }, { '_p._udp.x': ['a:5', 'b:6'] })
  const lookup = new AddressLookup([{ host: '_p._udp.x', port: 9 }], resolver, silent)
  await lookup.refresh()
  assert.deepEqual(lookup.addresses(), [
    { host: '10.0.0.1', port: 5 },
    { host: '10.0.0.2', port: 6 },
  ])
})

test('what was known stays known while a look-up fails, and the failure is told once', async () => {
  const names: Record<string, string[]> = { web: ['10.0.0.1'] }
  const log = memoryLog()
  const lookup = new AddressLookup([{ host: 'web', port: 1 }], answers(names), log)
  await lookup.refresh()
  delete names['web']
  await lookup.refresh()
  await lookup.refresh()
  assert.equal(lookup.addresses().length, 1)
  assert.deepEqual(log.messages, ['a name is not found'])
  names['web'] = ['10.0.0.9']
  await lookup.refresh()
  assert.deepEqual(lookup.addresses(), [{ host: '10.0.0.9', port: 1 }])
  assert.deepEqual(log.messages, ['a name is not found', 'the name is found again'])
})
