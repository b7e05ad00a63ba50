// Junk, truncated and modified announcements, received by the listener of a server. TOPSPIN_FUZZ_DATAGRAMS sets how many; a
// million take about ten seconds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { peerLimits } from '../../src/base/limits.ts'
import { silent } from '../../src/base/log.ts'
import { LiveTable } from '../../src/cluster/live.ts'
import { PeerTable } from '../../src/cluster/peer-table.ts'
import { AcceptFrom } from '../../src/peer/membership/accept-from.ts'
import { AnnouncementListener } from '../../src/peer/membership/announcement-listener.ts'
import { readAnnouncement, writeAnnouncement } from '../../src/wire/announcement-codec.ts'
import { KeyRing } from '../../src/wire/announcement-key.ts'
import { parseAnnouncementText, writeAnnouncementText } from '../../src/wire/announcement-text.ts'
import { someAnnouncement } from '../support/announcement.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { junkDatagram } from '../support/junk-datagrams.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'

const count = Number(process.env['TOPSPIN_FUZZ_DATAGRAMS'] ?? 50_000)
const ring = new KeyRing(['a secret of the cluster', 'an older secret of it'])

for (const [what, keys] of [
  ['with a key', ring],
  ['without one', new KeyRing([])],
] as const) {
  test(`${what} ${count} datagrams neither make the listener throw nor add a peer`, () => {
    const clock = new ManualClock()
    const peers = new PeerTable({ clock, live: new LiveTable() })
    const accept = new AcceptFrom({
      acceptFrom: ['10.0.0.0/8'],
      hasKey: !keys.isEmpty,
      interface: undefined,
    })
    const listener = new AnnouncementListener({ peers, keys, accept, clock, log: silent })
    const random = seededRandom(fuzzSeed)
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < count; i++) {
      listener.receive(junkDatagram(random, ring), random() < 0.9 ? '10.0.0.1' : '11.0.0.1')
      if (i % 1_000 === 0) {
        clock.advance(100)
        peers.sweep(100)
      }
    }
    const refused = [...peers.refused.values()].reduce((sum, one) => sum + one, 0)
    assert.equal(peers.accepted + refused, count)
    assert.ok(peers.rows().length <= peerLimits.peersMax)
    if (!keys.isEmpty) {
      assert.deepEqual(peers.list(), [])
      assert.ok((peers.refused.get('forged') ?? 0) > count / 20, 'the seals of some were tried')
    } else assert.ok(peers.accepted > 0, 'some of it was close enough to be read')
    const grown = process.memoryUsage().heapUsed - before
    assert.ok(grown < 50e6, `${grown} bytes more`)
  })
}

test('an accepted text is written back, and any other text is refused with a reason', () => {
  const lines = fc.array(
    fc.oneof(
      fc.constantFrom(
        ...writeAnnouncementText(someAnnouncement({ contexts: ['/a'] }))
          .split('\n')
          .slice(1),
        ...['leaving', 'loss 1', 'at https://[::1]:1', 'run 1 1 1', 'serves /', 'mac x'],
      ),
      fc.string({ unit: 'binary-ascii' }),
    ),
    { maxLength: 24 },
  )
  const start = ['name a', 'at http://h:1', 'run 1 2 3']
  const texts = fc.tuple(fc.boolean(), lines).map(([isWhole, some]) => {
    return `topspin-peer/1\n${[...(isWhole ? start : []), ...some].join('\n')}\n`
  })
  let taken = 0
  fc.assert(
    fc.property(texts, (text) => {
      const read = parseAnnouncementText(text)
      if (typeof read === 'string') return
      taken++
      assert.deepEqual(parseAnnouncementText(writeAnnouncementText(read)), read)
    }),
    { numRuns: 5_000 },
  )
  assert.ok(taken > 100, `${taken} taken`)
})

test('any bytes are refused with a reason', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_300 }), (bytes) => {
      assert.equal(typeof readAnnouncement(Buffer.from(bytes), ring), 'string')
    }),
  )
  assert.equal(typeof readAnnouncement(writeAnnouncement(someAnnouncement(), ring), ring), 'object')
})
