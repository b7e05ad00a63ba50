// Containers whose packets are changed at random: what a client gets is an answer, a refusal or a visible
// cut; the next request gets what it asked for, and nothing is left behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rawAjp, startAjpOrigin } from '../../support/ajp-origin.ts'
import { endResponse, getBodyChunk, sendBody, sendHeaders } from '../../support/ajp-packets.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { get, post, RawClient } from '../../support/raw-client.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { until } from '../../support/until.ts'

const rounds = 400

test('mutated answers harm their own request only', async (t) => {
  const random = seededRandom(20_261_121)
  const below = (end: number): number => Math.floor(random() * end)
  const origin = await startAjpOrigin(t)
  const { port, proxy, live } = await startProxy(t, [{ type: 'ajp', port: origin.port }], {
    timeouts: { responseHeadMs: 300, responseBodyMs: 300 },
    retryBudget: 1,
  })
  const answers = [
    [sendHeaders(200), sendBody('one'), sendBody('two'), endResponse()],
    [sendHeaders(200, [['Content-Length', '3']]), sendBody('one'), endResponse()],
    [getBodyChunk(), sendHeaders(304, [['ETag', '"x"']]), endResponse()],
  ].map((packets) => Buffer.concat(packets))
  const seen = new Map<string, number>()
  const oneRound = async (): Promise<void> => {
    const bytes = Buffer.from(answers[below(answers.length)]!)
    for (let changes = 1 + below(3); changes > 0; changes--) bytes[below(bytes.length)] = below(256)
    const client = await RawClient.connect(t, port)
    // Half of them end behind it, so that what is incomplete does not wait for its deadline.
    client.send(post(rawAjp(bytes, random() < 0.5 ? '&then=fin' : ''), 'body'))
    const first = await client.answer().catch(() => undefined)
    const what = first === undefined ? 'cut' : String(first.status)
    seen.set(what, (seen.get(what) ?? 0) + 1)
    if (first !== undefined && !client.ended) {
      const second = await client.ask(get('/echo', 'X-Own: 1')).catch(() => undefined)
      if (second !== undefined) {
        // 504 on a machine that is busy with other things.
        assert.ok([200, 503, 504].includes(second.status), `${what}, then ${second.status}`)
        assert.equal(second.status === 200 ? second.body.length : 0, 0)
      }
    }
    client.socket.destroy()
    live(1).health = { kind: 'up' }
  }
  for (let round = 0; round < rounds; round += 20)
    await Promise.all(Array.from({ length: 20 }, oneRound))
  assert.ok((seen.get('200') ?? 0) > 0 && (seen.get('502') ?? 0) > 0, JSON.stringify([...seen]))
  assert.equal(proxy.counters.faults, 0)
  await until('nothing is under way', () => live(1).inFlight === 0)
})
