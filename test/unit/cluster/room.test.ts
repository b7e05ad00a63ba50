// What a process learns of a server from when its requests begin and end.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { Room } from '../../../src/cluster/room.ts'
import { Usual } from '../../../src/cluster/usual.ts'

/** A room on a clock that is set by hand. */
class Fixture {
  readonly usual: Usual = new Usual()
  readonly room: Room = new Room(this.usual)
  now = 0

  begin(): HeldRequest {
    const request = new HeldRequest()
    this.room.begin(request, this.now)
    return request
  }

  end(request: HeldRequest, isGood: boolean = true): void {
    this.room.end(request, this.now, isGood)
  }

  /** Requests one after the other, each of which takes so long. */
  serve(times: number, ms: number, isGood: boolean = true): void {
    for (let n = 0; n < times; n++) {
      const request = this.begin()
      this.now += ms
      this.end(request, isGood)
    }
  }

  get ms(): number {
    return this.room.ms(this.now)
  }
}

const near = (value: number, wanted: number, within: number): void =>
  assert.ok(Math.abs(value - wanted) <= within, `${value}, not ${wanted} within ${within}`)

describe('the service time', () => {
  test('is 0 while nothing is known', () => {
    const server = new Fixture()
    assert.equal(server.ms, 0)
    assert.equal(server.room.answers, 0)
    server.begin()
    server.now += 100
    assert.equal(server.ms, 0)
  })

  test('is the time of the first answer, and follows the last fifty or so', () => {
    const server = new Fixture()
    server.serve(1, 40)
    near(server.ms, 40, 1e-9)
    server.serve(400, 40)
    near(server.ms, 40, 1e-9)
    near(server.room.answers, 49, 0.1)
    // Of fifty others two thirds are seen.
    server.serve(50, 80)
    near(server.ms, 40 + 40 * (1 - 0.98 ** 50), 0.01)
  })

  test('excludes the queue: with four in hand at a server for one it is a quarter of each response time', () => {
    const server = new Fixture()
    const waiting = [server.begin(), server.begin(), server.begin(), server.begin()]
    for (let n = 0; n < 200; n++) {
      server.now += 10
      server.end(waiting.shift() as HeldRequest)
      waiting.push(server.begin())
    }
    near(server.ms, 10, 0.5)
    assert.equal(server.room.knee, 1)
  })

  test('rises while nothing is answered', () => {
    const server = new Fixture()
    server.serve(100, 10)
    server.begin()
    const before = server.ms
    server.now += 500
    assert.ok(server.ms > 1.9 * before)
  })

  test('jumps by no more than a quarter, as the cost at the usual number does, when the knee changes', () => {
    const server = new Fixture()
    const waiting: HeldRequest[] = []
    const costAtThree = (): number => (server.ms * (2 * 3 + 1)) / server.room.knee
    let knee = 1
    for (let n = 0; n < 400; n++) {
      // One to five in hand and down again, at a server for three.
      while (waiting.length < 5 - Math.abs(4 - (n % 8))) waiting.push(server.begin())
      const before = costAtThree()
      server.now += 30 / Math.min(3, waiting.length)
      server.end(waiting.shift() as HeldRequest)
      if (server.room.knee === knee) continue
      const change = costAtThree() / before
      assert.ok(change > 0.75 && change < 1.25, `from ${knee} to ${server.room.knee}: ${change}`)
      knee = server.room.knee
    }
    assert.ok(knee === 2 || knee === 3, `knee ${knee}`)
  })

  test('is followed by the usual time, as a mean at first and then by a fiftieth for each response', () => {
    const server = new Fixture()
    server.serve(1, 40)
    near(server.usual.ms, 40, 1e-9)
    const slower = (): void => {
      const other = new Room(server.usual)
      const request = new HeldRequest()
      other.begin(request, 0)
      other.end(request, server.usual.ms + 100, true)
    }
    slower()
    near(server.usual.ms, 90, 1e-9)
    server.serve(100, 40)
    const before = server.usual.ms
    slower()
    near(server.usual.ms, before + 2, 1e-9)
  })
})

describe('the time at work', () => {
  test('counts each ms by the share of the knee that is in use', () => {
    const server = new Fixture()
    const waiting: HeldRequest[] = []
    for (let n = 0; n < 320; n++) {
      while (waiting.length < 1 + (n % 4)) waiting.push(server.begin())
      server.now += 10 / waiting.length
      server.end(waiting.shift() as HeldRequest)
    }
    for (const request of waiting) server.room.abandon(request, server.now)
    assert.equal(server.room.knee, 4)
    const before = server.room.busyMs(server.now)
    server.now += 1_000
    assert.equal(server.room.busyMs(server.now), before, 'idle')
    server.begin()
    server.now += 1_000
    near(server.room.busyMs(server.now), before + 250, 1e-6)
    for (let n = 0; n < 9; n++) server.begin()
    server.now += 1_000
    near(server.room.busyMs(server.now), before + 1_250, 1e-6)
  })
})

describe('errors', () => {
  test('that come at once change neither ms nor the knee, and are counted', () => {
    const server = new Fixture()
    server.serve(100, 40)
    const { ms } = server
    server.serve(10, 0, false)
    assert.equal(server.ms, ms)
    near(server.room.errors.at(server.now), 1 - 0.8 ** 10, 1e-9)
  })

  test('that come slowly make the server look slow', () => {
    const server = new Fixture()
    server.serve(100, 40)
    server.serve(10, 1_000, false)
    assert.ok(server.ms > 200)
  })

  test('are forgiven by good answers and by time', () => {
    const server = new Fixture()
    server.serve(10, 0, false)
    const after = server.room.errors.at(server.now)
    server.serve(5, 0)
    near(server.room.errors.at(server.now), after * 0.8 ** 5, 1e-9)
    const left = server.room.errors.at(server.now)
    near(server.room.errors.at(server.now + 2_000), left / Math.E, 1e-9)
  })
})

describe('long requests', () => {
  test('leave the number in hand when they are old and a younger one is answered', () => {
    const server = new Fixture()
    server.serve(50, 10)
    const polls = Array.from({ length: 10 }, () => server.begin())
    server.now += 245
    server.serve(1, 4)
    assert.equal(server.room.inHand, 10, 'after 249 ms')
    server.serve(1, 4)
    assert.equal(server.room.inHand, 0, 'after 253 ms')
    assert.equal(server.room.long, 10)
    server.end(polls[0] as HeldRequest)
    assert.equal(server.room.long, 9)
  })

  test('must be older than eight times the mean time of answers', () => {
    const server = new Fixture()
    server.serve(300, 100)
    server.begin()
    server.now += 690
    server.serve(1, 100)
    assert.equal(server.room.long, 0, 'after 790 ms')
    server.serve(1, 30)
    assert.equal(server.room.long, 1, 'after 820 ms')
  })

  test('that were never recognised raise that mean by a third at most', () => {
    const server = new Fixture()
    server.serve(300, 100)
    server.serve(1, 25_000)
    server.begin()
    server.now += 960
    server.serve(1, 30)
    assert.equal(server.room.long, 0, 'after 990 ms, with a mean of 130 ms')
    server.serve(1, 30)
    assert.equal(server.room.long, 1, 'after 1,020 ms, with a mean of 125 ms')
  })

  test('do not include any of a server that answers nothing', () => {
    const server = new Fixture()
    server.serve(50, 10)
    for (let n = 0; n < 5; n++) server.begin()
    server.now += 60_000
    server.begin()
    assert.equal(server.room.inHand, 6)
    assert.equal(server.room.long, 0)
  })

  test('change nothing when they end', () => {
    const server = new Fixture()
    server.serve(50, 10)
    const poll = server.begin()
    server.now += 300
    server.serve(1, 10)
    assert.equal(server.room.long, 1)
    const { ms } = server
    const errors = server.room.errors.at(server.now)
    server.now += 10_000
    server.end(poll, false)
    assert.equal(server.ms, ms)
    assert.equal(server.room.errors.at(server.now), errors)
    assert.equal(server.room.long, 0)
  })

  test('are at once those that are upgraded', () => {
    const server = new Fixture()
    const request = server.begin()
    server.room.upgrade(request, server.now)
    assert.equal(server.room.inHand, 0)
    assert.equal(server.room.long, 1)
    server.room.abandon(request, server.now)
    assert.equal(server.room.long, 0)
  })
})

describe('a request', () => {
  test('that is abandoned counts neither as an answer nor as an error', () => {
    const server = new Fixture()
    server.serve(100, 10)
    const { answers } = server.room
    const request = server.begin()
    server.now += 10
    server.room.abandon(request, server.now)
    assert.equal(server.room.answers, answers)
    assert.equal(server.room.errors.at(server.now), 0)
    assert.equal(server.room.inHand, 0)
  })

  test('that is over already, or somewhere else, changes nothing', () => {
    const server = new Fixture()
    const other = new Fixture()
    const request = server.begin()
    other.end(request)
    other.room.abandon(request, 0)
    assert.equal(server.room.inHand, 1)
    assert.equal(other.room.inHand, 0)
    server.end(request)
    server.end(request)
    server.room.abandon(request, 0)
    server.room.upgrade(request, 0)
    assert.equal(server.room.inHand, 0)
    assert.equal(server.room.long, 0)
  })

  test('may be used again, here and elsewhere', () => {
    const server = new Fixture()
    const other = new Fixture()
    const request = server.begin()
    server.end(request)
    other.room.begin(request, 5)
    assert.equal(other.room.inHand, 1)
    other.end(request)
    server.room.begin(request, 7)
    assert.equal(server.room.inHand, 1)
  })
})

describe('a trial', () => {
  test('that is answered quickly replaces the figures', () => {
    const server = new Fixture()
    server.usual.ms = 50
    server.serve(50, 2_000)
    server.usual.ms = 50
    server.now += 2_001
    assert.ok(server.room.trial.isDue(server.now))
    server.serve(1, 60)
    assert.equal(server.room.answers, 1)
    near(server.ms, 60, 1e-9)
  })

  test('that takes nearly as long as before replaces nothing', () => {
    const server = new Fixture()
    server.serve(50, 2_000)
    server.usual.ms = 50
    server.now += 2_001
    server.serve(1, 1_500)
    assert.ok(server.room.answers > 30)
    assert.ok(server.ms > 1_900)
  })

  test('shows that the requests in hand never end', () => {
    const server = new Fixture()
    server.serve(50, 10)
    server.begin()
    server.now += 3_600_000
    assert.ok(server.ms > 10_000)
    assert.ok(server.room.trial.isDue(server.now))
    server.serve(1, 10)
    assert.equal(server.room.inHand, 0)
    assert.equal(server.room.long, 1)
    near(server.ms, 10, 1e-9)
  })
})
