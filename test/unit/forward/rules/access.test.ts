// What the table of a rate limit costs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { limitOf } from '../../../../src/forward/rules/access.ts'
import { Asked } from '../../../../src/forward/rules/asked.ts'
import { ForwardedFields, viaLines } from '../../../../src/wire/forwarded.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const clients = 3_000
const origin = new ForwardedFields({
  address: '192.0.2.1',
  scheme: 'http',
  via: viaLines('under-test'),
  trusted: true,
  isTrusted: (address) => address === '192.0.2.1',
})

/** Bytes for each client, after one request of each. @param fieldOf the client with this number. */
function bytesOfEach(fieldOf: (client: number) => string): number {
  const limit = limitOf({ requests: 1, perMs: 3_600_000, burst: 1, header: 'x-api-key' })
  const ask = (client: number): number => {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fieldOf(client)}\r\n\r\n`)
    const head = new RequestHead()
    assert.ok(head.parse(bytes, 0, bytes.length) > 0)
    return limit(new Asked(head, origin), 0)
  }
  ask(-1)
  collect()
  const before = process.memoryUsage().heapUsed
  for (let client = 0; client < clients; client++) assert.equal(ask(client), 0)
  collect()
  const after = process.memoryUsage().heapUsed
  // Each of them is in the table.
  for (let client = 0; client < clients; client++) assert.ok(ask(client) > 0)
  return (after - before) / clients
}

test('a client whose rate is limited costs no more than 1,000 bytes, however long its field is', () => {
  const long = 'x'.repeat(7_000)
  const byKey = bytesOfEach((client) => `X-Api-Key: key-${client}-${long}`)
  assert.ok(byKey < 1_000, `${byKey} bytes for each key`)
  const byAddress = bytesOfEach(
    (client) =>
      `X-Forwarded-For: ${long}, 198.${100 + (client >> 8)}.100.${client & 255}, 192.0.2.1`,
  )
  assert.ok(byAddress < 1_000, `${byAddress} bytes for each address`)
})
