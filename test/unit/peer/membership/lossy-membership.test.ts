// Announcers and tables of a whole cluster on one clock, over a network that loses, doubles and reorders by
// a seed: minutes of membership in a second.

import assert from 'node:assert/strict'
import { mock, type TestContext, test } from 'node:test'
import { peerLimits } from '../../../../src/base/limits.ts'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { PeerTable } from '../../../../src/cluster/peer-table.ts'
import { Announcer } from '../../../../src/peer/membership/announcer.ts'
import type { Announcement } from '../../../../src/wire/announcement.ts'
import { someAnnouncement, someResources } from '../../../support/announcement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const periodMs = 1_000
const stepMs = 5

class Cluster {
  readonly clock = new ManualClock()
  readonly tables = new Map<string, PeerTable>()
  readonly events: string[] = []
  readonly #announcers = new Map<string, Announcer>()
  /** Share of the announcements that does not arrive, at each receiver by itself. */
  lost: number
  /** Announcements said so far. */
  said = 0
  readonly #random = seededRandom(42)
  /** They are dead: their timers may go off, but nobody hears it. */
  readonly #silenced = new Set<string>()

  constructor(t: TestContext, lost: number) {
    this.lost = lost
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => {
      for (const announcer of this.#announcers.values()) announcer.stop()
      mock.timers.reset()
    })
  }

  start(name: string): void {
    const table = new PeerTable({
      clock: this.clock,
      live: new LiveTable(),
      onEvent: ({ kind, peer }) => this.events.push(`${name}: ${kind} ${peer.announcement.name}`),
    })
    const { scheme, host, port, contexts } = someAnnouncement()
    const announcer = new Announcer({
      identity: { name, scheme, host, port, contexts },
      periodMs,
      clock: this.clock,
      random: this.#random,
      resources: () => someResources,
      beatsMax: peerLimits.beatsMax,
      loss: () => ({ here: table.loss, there: table.reportedLoss }),
      send: (announcement) => this.#send(announcement),
    })
    this.tables.set(name, table)
    this.#announcers.set(name, announcer)
    announcer.start()
  }

  /** Without a goodbye. */
  kill(name: string): void {
    this.tables.delete(name)
    this.#silenced.add(name)
  }

  seenBy(name: string): string[] {
    const peers = this.tables.get(name)?.list() ?? []
    return peers.map(({ announcement }) => announcement.name)
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs)
      mock.timers.tick(stepMs)
      if (this.clock.now() % (periodMs / 8) === 0) {
        for (const table of this.tables.values()) table.sweep(periodMs / 8)
      }
    }
  }

  #send(announcement: Announcement): void {
    if (this.#silenced.has(announcement.name)) return
    this.said++
    for (const [name, table] of this.tables) {
      if (name === announcement.name || this.#random() < this.lost) continue
      for (let copies = this.#random() < 0.3 ? 2 : 1; copies > 0; copies--) {
        setTimeout(() => table.accept(announcement), Math.round(this.#random() * 300))
      }
    }
  }
}

test('with half of the datagrams lost for five minutes, no present peer counts as silent, and a dead one does in time', (t) => {
  const cluster = new Cluster(t, 0.5)
  const staying = ['a', 'b', 'c', 'd', 'e']
  for (const name of staying) cluster.start(name)
  for (let round = 0; round < 10; round++) {
    const mortal = `mortal-${round}`
    cluster.start(mortal)
    cluster.pass(3 * periodMs)
    for (const name of staying) {
      const seen = cluster.seenBy(name)
      assert.equal(seen.length, staying.length, `round ${round}: ${name} sees ${seen}`)
    }
    cluster.pass(24 * periodMs)
    cluster.kill(mortal)
    // What is on its way is late by 300 ms at most.
    cluster.pass(3 * periodMs + 300)
    for (const name of staying) {
      const seen = cluster.seenBy(name)
      assert.ok(!seen.includes(mortal), `round ${round}: ${name} sees ${seen}`)
    }
  }
  const missed = cluster.events.filter((event) => /silent [a-e]$/.test(event))
  assert.deepEqual(missed, [])
})

test('a network that begins to lose half is noticed within seconds, and forgotten when it is well again', (t) => {
  const cluster = new Cluster(t, 0)
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) cluster.start(name)
  cluster.pass(30 * periodMs)
  const calm = cluster.said
  cluster.pass(10 * periodMs)
  assert.ok(cluster.said - calm <= names.length * 12, `${cluster.said - calm} said in ten periods`)
  cluster.lost = 0.5
  cluster.pass(10 * periodMs)
  const told = cluster.events.length
  cluster.pass(60 * periodMs)
  assert.deepEqual(cluster.events.slice(told), [])
  cluster.lost = 0
  cluster.pass(30 * periodMs)
  const well = cluster.said
  cluster.pass(10 * periodMs)
  assert.ok(cluster.said - well <= names.length * 12, `${cluster.said - well} said in ten periods`)
})
