import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { PeerTable } from '../../../../src/cluster/peer-table.ts'
import { AcceptFrom } from '../../../../src/peer/membership/accept-from.ts'
import { AnnouncementListener } from '../../../../src/peer/membership/announcement-listener.ts'
import { writeAnnouncement } from '../../../../src/wire/announcement-codec.ts'
import { KeyRing } from '../../../../src/wire/announcement-key.ts'
import { someAnnouncement } from '../../../support/announcement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { type MemoryLog, memoryLog } from '../../../support/memory-log.ts'

function listen(
  keys: KeyRing,
  acceptFrom?: string[],
): { peers: PeerTable; log: MemoryLog; listener: AnnouncementListener; clock: ManualClock } {
  const log = memoryLog()
  const clock = new ManualClock()
  const peers = new PeerTable({ clock, live: new LiveTable() })
  const accept = new AcceptFrom({ acceptFrom, hasKey: !keys.isEmpty, interface: undefined })
  return {
    peers,
    log,
    clock,
    listener: new AnnouncementListener({ peers, keys, accept, clock, log }),
  }
}

const ring = new KeyRing(['a secret of the cluster'])
const sealed = (sequence: number): Buffer =>
  writeAnnouncement(someAnnouncement({ name: 'a', sequence }), ring)

test('authenticated new announcements get into the table, others are counted by reason', () => {
  const { peers, log, listener } = listen(ring)
  listener.receive(sealed(2), '10.0.0.1')
  listener.receive(sealed(2), '10.0.0.1')
  listener.receive(sealed(1), '10.0.0.1')
  listener.receive(writeAnnouncement(someAnnouncement(), new KeyRing([])), '10.0.0.1')
  listener.receive(
    writeAnnouncement(someAnnouncement(), new KeyRing(['another secret'])),
    '10.0.0.1',
  )
  const forged = sealed(3)
  forged[30] = 0x39
  listener.receive(forged, '10.0.0.1')
  listener.receive(forged, '10.0.0.1')
  listener.receive(Buffer.from('hello'), '10.0.0.1')
  listener.receive(Buffer.alloc(0), '10.0.0.1')
  assert.equal(peers.accepted, 1)
  assert.deepEqual(Object.fromEntries(peers.refused), {
    double: 1,
    late: 1,
    unsigned: 1,
    'unknown-key': 1,
    forged: 2,
    foreign: 2,
  })
  assert.equal(log.messages.length, 3)
})

test('without a key the source and the announced address must be near', () => {
  const { peers, log, listener } = listen(new KeyRing([]), ['10.0.0.0/8'])
  const plain = (host: string): Buffer =>
    writeAnnouncement(someAnnouncement({ name: host, host }), new KeyRing([]))
  listener.receive(plain('10.0.0.1'), '10.0.0.9')
  listener.receive(plain('10.0.0.2'), '11.0.0.9')
  listener.receive(plain('11.0.0.1'), '10.0.0.9')
  listener.receive(plain('web.example'), '10.0.0.9')
  assert.deepEqual(
    peers.list().map(({ announcement }) => announcement.host),
    ['10.0.0.1'],
  )
  assert.deepEqual(Object.fromEntries(peers.refused), { source: 1, target: 2 })
  assert.equal(log.messages.length, 2)
})

test('what an operator can put right is logged again after ten minutes, with the number so far', () => {
  const { clock, log, listener } = listen(ring)
  const late = (): void => {
    const time = clock.wall() - 31_000
    listener.receive(writeAnnouncement(someAnnouncement({ time, startedAt: 1 }), ring), '10.0.0.1')
  }
  for (let i = 0; i < 3; i++) late()
  clock.advance(600_000)
  late()
  assert.deepEqual(
    log.details.map((detail) => JSON.stringify(detail)),
    [1, 4].map((soFar) =>
      JSON.stringify({ from: '10.0.0.1', name: 'web1:8080', wrongByMs: -31_000, soFar }),
    ),
  )
})
