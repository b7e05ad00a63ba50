// A fault of our own costs the connection that set it off, and nobody else.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createProxy } from '../../../src/proxy/index.ts'
import { clusterOf } from '../../support/cluster-fixture.ts'
import { get, RawClient } from '../../support/raw-client.ts'

test('a throw in the middle of an exchange cuts one connection and is counted', async (t) => {
  const origin = createServer((_, response) => response.end('fine')).listen(0, '127.0.0.1')
  await once(origin, 'listening')
  t.after(() => origin.close())
  let throws = true
  const proxy = createProxy({
    listen: [{ host: '127.0.0.1', port: 0 }],
    // The access log is called behind the last byte of an answer, deep in the socket's callback.
    accessLog: () => {
      if (throws) throw new Error('the log is full')
    },
  })
  t.after(() => proxy.close())
  proxy.apply(clusterOf([{ port: (origin.address() as AddressInfo).port }]))
  const [address] = await proxy.listen()
  const client = await RawClient.connect(t, address!.port)
  await client.ask(get('/')).catch(() => {})
  throws = false
  const other = await RawClient.connect(t, address!.port)
  assert.equal((await other.ask(get('/'))).status, 200)
  assert.equal(proxy.counters.faults, 1)
})
