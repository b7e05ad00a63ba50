// The table of peers, on a clock that is moved by hand.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { peerLimits } from '../../../src/base/limits.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import {
  type AnnouncementRefusal,
  type PeerEvent,
  PeerTable,
} from '../../../src/cluster/peer-table.ts'
import type { Announcement } from '../../../src/wire/announcement.ts'
import { someAnnouncement } from '../../support/announcement.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Times are ms since the start; a run starts at 0 by default. */
class Table {
  readonly clock = new ManualClock()
  readonly live = new LiveTable()
  readonly events: string[] = []
  readonly peers = new PeerTable({
    clock: this.clock,
    live: this.live,
    onEvent: (event: PeerEvent) =>
      this.events.push(`${event.kind} ${event.peer.announcement.name}`),
  })
  readonly #origin = this.clock.wall()

  announce(name: string, changes: Partial<Announcement> = {}): AnnouncementRefusal | undefined {
    const announcement = someAnnouncement({
      name,
      startedAt: this.#origin,
      time: this.clock.wall(),
      ...changes,
    })
    return this.peers.accept(announcement)
  }

  wall(ms: number): number {
    return this.#origin + ms
  }

  names(): string[] {
    return this.peers.list().map(({ announcement }) => announcement.name)
  }

  /** Advances the clock, with the sweeps in that time. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100)
      this.peers.sweep(100)
    }
  }
}

describe('peers', () => {
  test('join with their first announcement and leave with their last', () => {
    const table = new Table()
    assert.equal(table.announce('a'), undefined)
    const before = table.peers.list()
    assert.equal(table.peers.list(), before)
    assert.equal(table.announce('b'), undefined)
    assert.notEqual(table.peers.list(), before)
    assert.deepEqual(table.names(), ['a', 'b'])
    assert.equal(table.announce('a', { sequence: 2, leaving: true }), undefined)
    assert.deepEqual(table.names(), ['b'])
    assert.equal(table.announce('a', { sequence: 1 }), 'double')
    assert.deepEqual(table.names(), ['b'])
    assert.deepEqual(table.events, ['joined a', 'joined b', 'left a'])
  })

  test('that are silent for three periods are not present until their next announcement', () => {
    const table = new Table()
    table.announce('quick', { periodMs: 1_000 })
    table.announce('slow', { periodMs: 5_000 })
    const [{ id } = { id: -1 }] = table.peers.list()
    table.pass(2_500)
    assert.deepEqual(table.names(), ['quick', 'slow'])
    table.pass(500)
    assert.deepEqual(table.names(), ['slow'])
    assert.equal(table.peers.rows()[0]?.state, 'silent')
    table.live.of(id).elected = 7
    table.announce('quick', { sequence: 2 })
    assert.deepEqual(table.names(), ['quick', 'slow'])
    assert.equal(table.peers.list()[0]?.id, id)
    assert.equal(table.live.of(id).elected, 7)
    assert.deepEqual(table.events.slice(2), ['silent quick', 'back quick'])
  })

  test('are forgotten after a longer silence, and return with new live numbers', () => {
    const table = new Table()
    table.announce('a')
    const [{ id } = { id: -1 }] = table.peers.list()
    table.live.of(id).elected = 7
    table.pass(20_100)
    assert.deepEqual(table.peers.rows(), [])
    assert.deepEqual(table.events, ['joined a', 'silent a', 'forgotten a'])
    assert.equal(table.announce('a', { sequence: 30 }), undefined)
    const [again] = table.peers.list()
    assert.ok(again !== undefined && again.id > id)
    assert.equal(table.live.of(id).elected, 0)
  })

  test('forgotten ones are kept against replays until their announcements are too old', () => {
    const table = new Table()
    const said = { time: table.wall(0), sequence: 5 }
    table.announce('a', said)
    table.pass(25_000)
    assert.equal(table.announce('a', said), 'double')
    table.pass(10_000)
    assert.equal(table.announce('a', said), 'clock')
    assert.deepEqual(table.names(), [])
  })

  test('with duplicate or reordered announcements count once, with the newest', () => {
    const table = new Table()
    assert.equal(table.announce('a', { sequence: 5 }), undefined)
    assert.equal(table.announce('a', { sequence: 5 }), 'double')
    assert.equal(table.announce('a', { sequence: 8 }), undefined)
    assert.equal(table.announce('a', { sequence: 7 }), 'late')
    assert.equal(table.announce('a', { sequence: 7 }), 'double')
    assert.equal(table.peers.list()[0]?.announcement.sequence, 8)
    assert.deepEqual(
      [...table.peers.refused],
      [
        ['double', 2],
        ['late', 1],
      ],
    )
    assert.equal(table.peers.accepted, 2)
  })

  test('that have restarted are new ones, and their old run never returns', () => {
    const table = new Table()
    table.announce('a', { sequence: 50 })
    const [old] = table.peers.list()
    table.pass(1_000)
    assert.equal(table.announce('a', { startedAt: table.wall(900), sequence: 1 }), undefined)
    const [young] = table.peers.list()
    assert.ok(old !== undefined && young !== undefined && young.id > old.id)
    assert.equal(table.announce('a', { sequence: 51, time: table.wall(800) }), 'old-run')
    assert.equal(
      table.announce('a', { sequence: 52, time: table.wall(850), leaving: true }),
      'old-run',
    )
    assert.equal(table.peers.list()[0], young)
    assert.equal(table.events.includes('conflict a'), false)
  })

  test('with clocks wrong by more than the window are refused', () => {
    const table = new Table()
    assert.equal(table.announce('late', { time: table.wall(-30_001) }), 'clock')
    assert.equal(table.announce('early', { time: table.wall(30_001) }), 'clock')
    assert.equal(table.announce('born tomorrow', { startedAt: table.wall(30_001) }), 'clock')
    assert.equal(table.announce('a', { time: table.wall(-29_000) }), undefined)
    assert.deepEqual(table.names(), ['a'])
  })

  test('of two with one name the one that started later counts, and the conflict is reported once', () => {
    const table = new Table()
    table.announce('a', { host: '10.0.0.1' })
    table.announce('a', { host: '10.0.0.2', startedAt: table.wall(1) })
    table.pass(3_000)
    for (let sequence = 2; sequence < 5; sequence++) {
      assert.equal(table.announce('a', { host: '10.0.0.1', sequence }), 'conflict')
    }
    assert.equal(
      table.announce('a', { host: '10.0.0.3', startedAt: table.wall(1), sequence: 9 }),
      'conflict',
    )
    assert.equal(
      table.announce('a', { host: '10.0.0.2', startedAt: table.wall(1), sequence: 2 }),
      undefined,
    )
    assert.equal(table.peers.list()[0]?.announcement.host, '10.0.0.2')
    assert.equal(table.events.filter((event) => event === 'conflict a').length, 1)
  })

  test('a server that comes back with its clock put right is known at once, and its former run never returns', () => {
    for (const leaves of [true, false]) {
      const table = new Table()
      const ahead = { startedAt: table.wall(20_000), time: table.wall(20_000) }
      table.announce('a', ahead)
      if (leaves) table.announce('a', { ...ahead, sequence: 2, leaving: true })
      table.pass(leaves ? 100 : 3_000)
      const right = { startedAt: table.wall(90), host: '10.0.0.2' }
      assert.equal(table.announce('a', right), undefined)
      assert.equal(table.peers.list()[0]?.announcement.host, '10.0.0.2')
      assert.notEqual(table.announce('a', { ...ahead, sequence: 3 }), undefined)
      assert.equal(table.announce('a', { ...right, sequence: 2 }), undefined)
      assert.equal(table.peers.list()[0]?.announcement.host, '10.0.0.2')
      assert.deepEqual(
        table.events.filter((event) => event === 'joined a'),
        ['joined a', 'joined a'],
      )
    }
  })

  test('this server is in its own list without the network, and its own announcement is refused', () => {
    const table = new Table()
    const own = someAnnouncement({ name: 'me', startedAt: table.wall(0), time: table.wall(0) })
    table.peers.setSelf(own)
    table.announce('a')
    assert.deepEqual(table.names(), ['me', 'a'])
    assert.equal(table.peers.list()[0]?.isSelf, true)
    assert.equal(table.peers.accept(own), 'own')
    table.pass(10_000)
    assert.deepEqual(table.names(), ['me'])
    table.peers.setSelf({ ...own, sequence: 2 })
    assert.equal(table.peers.list()[0]?.id, 1)
    assert.equal(table.announce('me', { startedAt: table.wall(5_000) }), 'conflict')
    assert.equal(
      table.announce('me', { startedAt: table.wall(-5_000), time: table.wall(-1) }),
      'old-run',
    )
    assert.deepEqual(table.names(), ['me'])
  })

  test('all peers have their fields in one order', () => {
    const table = new Table()
    table.announce('a')
    const { resources, ...rest } = someAnnouncement({ name: 'me', startedAt: table.wall(0) })
    const turned = Object.fromEntries(Object.entries(resources).reverse())
    table.peers.setSelf({ resources: turned as unknown as typeof resources, loss: 0.5, ...rest })
    const fields = table.peers
      .list()
      .map((peer) => [peer, peer.announcement, peer.announcement.resources].map(Object.keys))
    assert.equal(fields.length, 2)
    assert.deepEqual(fields[0], fields[1])
  })

  test('a process that was suspended does not count that time as silence of the others', () => {
    const table = new Table()
    table.announce('a')
    table.pass(1_000)
    table.clock.advance(15_000)
    table.pass(1_000)
    assert.deepEqual(table.names(), ['a'])
    table.pass(1_000)
    assert.deepEqual(table.names(), [])
  })

  test('a process that is suspended for short times again and again still finds silent peers', () => {
    const table = new Table()
    table.announce('a')
    for (let i = 0; i < 8; i++) {
      table.clock.advance(700)
      table.pass(100)
    }
    assert.deepEqual(table.names(), [])
  })

  test('the table is bounded, and accepts new peers in place of forgotten ones', () => {
    const table = new Table()
    for (let i = 0; i < peerLimits.peersMax; i++) assert.equal(table.announce(`p${i}`), undefined)
    assert.equal(table.announce('one more'), 'full')
    table.pass(20_100)
    assert.equal(table.announce('one more'), undefined)
    assert.deepEqual(table.names(), ['one more'])
  })

  test('the loss is the worst of the present peers', () => {
    const table = new Table()
    table.announce('a')
    table.announce('b')
    assert.equal(table.peers.loss, 0)
    table.announce('a', { sequence: 2, loss: 0.2 })
    table.announce('b', { sequence: 4, loss: 0.1 })
    assert.ok(table.peers.loss > 0.1 && table.peers.loss < 0.25)
    assert.equal(table.peers.reportedLoss, 0.2)
    table.pass(3_000)
    assert.deepEqual([table.peers.loss, table.peers.reportedLoss], [0, 0])
  })
})
