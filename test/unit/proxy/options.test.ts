// Options of the data plane that must be refused rather than misread, and what a refusal leaves behind.

import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { createProxy } from '../../../src/proxy/index.ts'

test('a trusted network that is none is refused, an empty prefix above all', () => {
  for (const entry of [
    '',
    'x',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0/8',
  ]) {
    assert.throws(() => createProxy({ listen: [], trust: [entry] }), RangeError, entry)
  }
  for (const entry of ['10.0.0.0/8', '::1', '2001:db8::/32', '127.0.0.1', '0.0.0.0/0']) {
    createProxy({ listen: [], trust: [entry] }).close()
  }
})

test('when one address cannot be had nothing listens, also where a name was still looked up', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const listening = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length
  const before = listening()
  const proxy = createProxy({
    listen: [
      { host: 'localhost', port: 0 },
      { host: '127.0.0.1', port },
    ],
  })
  await assert.rejects(proxy.listen(), { code: 'LISTEN' })
  await lookup('localhost')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(listening(), before)
})
