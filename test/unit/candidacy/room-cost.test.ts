// What one more request costs at a node.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { costAt, errorFactor, expectedMs } from '../../../src/candidacy/room-cost.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { Room } from '../../../src/cluster/room.ts'
import { Usual } from '../../../src/cluster/usual.ts'

/** A room of a balancer in which so many ms are usual. */
function roomWith(usualMs: number): Room {
  const usual = new Usual()
  usual.ms = usualMs
  return new Room(usual)
}

/** A node that took so long for each of so many requests, one after the other. */
function answered(times: number, ms: number, usualMs: number): { room: Room; now: number } {
  const room = roomWith(usualMs)
  const request = new HeldRequest()
  let now = 0
  for (let n = 0; n < times; n++) {
    room.begin(request, now)
    now += ms
    room.end(request, now, true)
  }
  room.usual.ms = usualMs
  return { room, now }
}

function begin(room: Room, times: number, now: number): void {
  for (let n = 0; n < times; n++) room.begin(new HeldRequest(), now)
}

const near = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value / wanted - 1) < 1e-3, `${value}, not ${wanted}`)

describe('the expected service time', () => {
  test('is the usual time at a node without responses', () => {
    assert.equal(expectedMs(roomWith(70), 0), 70)
    assert.equal(expectedMs(roomWith(0), 0), 1)
  })

  test('lies between the own and the usual time after few responses: half-way after three', () => {
    const { room, now } = answered(3, 40, 80)
    const answers = 3 * 0.98 * 0.98
    near(room.answers, 0.98 + 0.98 ** 2 + 0.98 ** 3)
    near(expectedMs(room, now), 80 - (40 * answers) / (answers + 3))
  })

  test('is close to the own time after many', () => {
    const { room, now } = answered(500, 40, 80)
    near(expectedMs(room, now), 80 - (40 * 49) / 52)
  })

  test('is the usual time at a node that is due for a trial', () => {
    const { room, now } = answered(500, 40, 80)
    assert.equal(expectedMs(room, now + 2_001), 80)
  })
})

describe('the cost of one more request', () => {
  const { room, now } = answered(500, 40, 40)
  const ms = expectedMs(room, now)

  test('is the service time below the knee', () => {
    near(costAt(room, now, 0), ms)
  })

  test('is the waiting that it adds at the knee and beyond, and a tenth for each that is there', () => {
    begin(room, 1, now)
    near(costAt(room, now, 0), ms * (3 + 0.1))
    begin(room, 2, now)
    near(costAt(room, now, 0), ms * (7 + 0.3))
  })

  test('is more by the extra waiting of a node that has had its share', () => {
    near(costAt(room, now, 2), ms * (7 + 0.3 + 2))
  })

  test('is that of an idle node at one that is due for a trial, with any number in hand', () => {
    near(costAt(room, now + 2_001, 0), 40)
    near(costAt(room, now + 2_001, 2), 40 * 3)
  })
})

describe('errors', () => {
  const failed = (times: number): Room => {
    const room = roomWith(50)
    const request = new HeldRequest()
    for (let n = 0; n < times; n++) {
      room.begin(request, 0)
      room.end(request, 0, false)
    }
    return room
  }

  test('multiply the cost: four times after one, 200 times when there is nothing else', () => {
    assert.equal(errorFactor(failed(0), 0), 1)
    near(errorFactor(failed(1), 0), 1 + 0.04 * (40 + 160 * 0.2))
    near(errorFactor(failed(100), 0), 201)
    near(costAt(failed(1), 0, 0), 50 * errorFactor(failed(1), 0))
  })

  test('of less than one in a hundred are overlooked', () => {
    // One error, of which a fifth counts, fades to 0.011 and to 0.009.
    const fadeTo = (share: number): number => 2_000 * Math.log(0.2 / share)
    assert.ok(errorFactor(failed(1), fadeTo(0.011)) > 1)
    assert.equal(errorFactor(failed(1), fadeTo(0.009)), 1)
  })
})
