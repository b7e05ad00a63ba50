// What clients of HTTP/2 make the proxy keep that read nothing of its refusals.

import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startProxy } from '../../support/cluster-fixture.ts'
import { preface } from '../../support/http2-attacks.ts'
import { frame, indexed, literal, uint32 } from '../../support/http2-frames.ts'
import { startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

const [clients, requests] = [40, 40]
const windowOf0 = Buffer.concat([Buffer.from([0, 4]), uint32(0)])
const get = Buffer.concat([indexed(2), indexed(6), indexed(4), literal(':authority', 'a.test')])
const newest = indexed(62)

/** A request with more fields than the proxy announces, from a few bytes: each field is the newest of the table. */
const request = (number: number): Buffer => {
  const first = number === 0 ? [literal('x', 'v'.repeat(3_900), 0x40)] : []
  const fields = Buffer.concat([get, ...first, ...Array.from({ length: 20 }, () => newest)])
  return frame(1, 5, 1 + 2 * number, fields)
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of buffers that are in use. */
function usedBytes(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

test('a refused request keeps no head while its client does not read the refusal', async (t) => {
  const node = await startNode(t)
  const { proxy, port } = await startProxy(t, [node])
  const before = usedBytes()
  const attack = Buffer.concat([
    preface,
    frame(4, 0, 0, windowOf0),
    ...Array.from({ length: requests }, (_, number) => request(number)),
  ])
  for (let i = 0; i < clients; i++) {
    const socket = net.connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(attack)
  }
  const refused = () => proxy.counters.refused.get(431) ?? 0
  await until('all are refused', () => refused() === clients * requests)
  const perRequest = (usedBytes() - before) / (clients * requests)
  assert.ok(perRequest < 2_000, `${perRequest} bytes for each`)
})
