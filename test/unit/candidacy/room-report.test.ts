import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costHere, costThere, hasRoom, roomReport } from '../../../src/candidacy/room-report.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { Room } from '../../../src/cluster/room.ts'
import { NoTrial } from '../../../src/cluster/trial.ts'
import { Usual } from '../../../src/cluster/usual.ts'

/** A room with so many answers that took `ms` each, one after the other; the clock stands at `count * ms`. */
function learnt(count: number, ms: number, isGood: boolean = true): Room {
  const room = new Room(new Usual(), new NoTrial())
  for (let i = 0; i < count; i++) {
    const request = new HeldRequest()
    room.begin(request, i * ms)
    room.end(request, (i + 1) * ms, isGood)
  }
  return room
}

test('a server has room while fewer requests are in hand than it works on at once', () => {
  const room = learnt(40, 10)
  assert.equal(hasRoom(room, 10, 400), true)
  room.begin(new HeldRequest(), 400)
  assert.equal(room.knee, 1)
  assert.equal(hasRoom(room, 10, 400), false)
})

test('a server of which nothing is known yet, or whose peers announce nothing, has room', () => {
  assert.equal(hasRoom(new Room(), 10, 0), true)
  assert.equal(hasRoom(learnt(40, 1_000), 0, 40_000), true)
})

test('a server that takes more than one and a half times the usual time asks', () => {
  assert.equal(hasRoom(learnt(200, 14), 10, 2_800), true)
  assert.equal(hasRoom(learnt(200, 17), 10, 3_400), false)
})

test('a server that fails asks until the errors have faded', () => {
  const room = learnt(40, 10)
  const request = new HeldRequest()
  room.begin(request, 400)
  room.end(request, 410, false)
  assert.equal(hasRoom(room, 10, 410), false)
  assert.equal(hasRoom(room, 10, 10_000), true)
})

test('a report has the own service time, close to the usual one after few responses', () => {
  const few = roomReport(learnt(3, 40), 10, 120)
  assert.ok(few.ms > 15 && few.ms < 35, `${few.ms}`)
  const many = roomReport(learnt(200, 40), 10, 8_000)
  assert.ok(many.ms > 35 && many.ms <= 40, `${many.ms}`)
  assert.deepEqual(roomReport(new Room(), 10, 0), { inHand: 0, ms: 10, knee: 1, errorFactor: 1 })
  assert.equal(roomReport(learnt(40, 10, false), 10, 400).errorFactor > 100, true)
})

test('one more request costs its own time below the knee, and the waiting of all beyond', () => {
  const report = { inHand: 3, ms: 40, knee: 4, errorFactor: 1 }
  assert.equal(costHere(report, 10), 40)
  assert.equal(costHere({ ...report, inHand: 4 }, 10), (40 * 9) / 4)
  assert.equal(costThere(report, 10, 1), 40.5)
  assert.equal(costHere({ ...report, ms: 0 }, 10), 10)
})

test('errors count as the peer reports them or as they were seen from here, whichever is more', () => {
  const report = { inHand: 0, ms: 40, knee: 4, errorFactor: 3 }
  assert.equal(costThere(report, 10, 1), 3 * 40.5)
  assert.equal(costThere(report, 10, 5), 5 * 40.5)
})
