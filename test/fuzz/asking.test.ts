// Junk, truncated, modified and repeated questions and answers, received by a server while its own questions are open.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askLimits } from '../../src/base/limits.ts'
import { Asking } from '../../src/peer/asking/asking.ts'
import { KeyRing } from '../../src/wire/announcement-key.ts'
import { readAsk, writeAnswer, writeQuestion } from '../../src/wire/ask.ts'
import { peerCandidate } from '../support/candidacy-fixture.ts'
import { cpuMs } from '../support/cpu-ms.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { junkDatagram } from '../support/junk-datagrams.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

const count = Number(process.env['TOPSPIN_FUZZ_DATAGRAMS'] ?? 50_000)
const ring = new KeyRing(['a secret of the cluster', 'an older secret of it'])
const idle = { inHand: 0, ms: 1, knee: 400, errorFactor: 1 }
const from = { address: '10.0.0.2', port: 2, family: 'IPv4', size: 0 } as const

/** A datagram of asking, of which bytes are changed, missing or added. */
function damaged(random: () => number, whole: Buffer): Buffer {
  const bytes = Buffer.from(whole)
  const at = Math.floor(random() * bytes.length)
  switch (Math.floor(random() * 4)) {
    case 0:
      bytes[at] = Math.floor(random() * 256)
      return bytes
    case 1:
      return bytes.subarray(0, at)
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at / 2)])
    default:
      return Buffer.concat([bytes, Buffer.alloc(Math.floor(random() * 2_000), 0x20)])
  }
}

for (const [what, keys] of [
  ['with a key', ring],
  ['without one', new KeyRing([])],
] as const) {
  test(`${what} ${count} datagrams neither throw, nor decide anything, nor cause more answers than the limit`, async () => {
    const clock = new ManualClock()
    const random = seededRandom(fuzzSeed)
    let refused = 0
    let sent = 0
    const asking = new Asking({
      keys,
      clock,
      random,
      skewMs: 30_000,
      accepts: () => true,
      report: () => idle,
      send: (bytes) => {
        sent++
        assert.ok(bytes.length <= askLimits.bytesMax)
      },
      refuse: () => refused++,
    })
    const at = { host: '10.0.0.2', port: 2 }
    const candidates = [1, 2].map((id) =>
      peerCandidate(id, { isSelf: id === 1, announcement: { ask: at } }),
    )
    const winners: number[] = []
    asking.begin(candidates[0]!, candidates, 10, ({ node }) => winners.push(node.id))
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < count; i++) {
      const head = { id: i.toString(16).padStart(16, '0'), time: Math.round(clock.wall()) }
      const kind = random()
      const whole = kind < 0.5 ? writeAnswer(head, idle, keys) : writeQuestion(head, keys)
      const bytes =
        kind < 0.1 ? whole : kind < 0.8 ? damaged(random, whole) : junkDatagram(random, ring)
      asking.receive(bytes, from)
    }
    const { answers, late, given } = asking.counts
    assert.equal(answers, 0)
    assert.ok(late > count / 20 && refused > count / 20, `${late} unasked, ${refused} refused`)
    assert.ok(given <= askLimits.answersPerSecondMax, `${given}`)
    assert.equal(sent, given + asking.counts.questions)
    assert.deepEqual(winners, [])
    const grown = process.memoryUsage().heapUsed - before
    assert.ok(grown < 50e6, `${grown} bytes more`)
    // Nobody has answered: the request is served here.
    await until('the question expires', () => winners.length > 0)
    assert.deepEqual(winners, [1])
  })
}

test('a datagram of any length is read in linear time', () => {
  const none = new KeyRing([])
  const read = (text: string): number => {
    const bytes = Buffer.from(text, 'latin1')
    return cpuMs(() => {
      for (let i = 0; i < 100; i++) readAsk(bytes, none)
    })
  }
  const most = askLimits.bytesMax
  for (const tail of ['1', '1.', 'room ', 'answer 0 ', '\n', 'mac ']) {
    const text = 'topspin-ask/1\nanswer 0123456789abcdef 1\nroom '
    const ms = read((text + tail.repeat(most)).slice(0, most))
    assert.ok(ms < 50, `${tail}: ${ms} ms for 100`)
  }
  assert.ok(read(`topspin-ask/1\n${'1'.repeat(65_000)}`) < 50)
})
