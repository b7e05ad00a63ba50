// One timer for all deadlines: when they expire, also after a suspension of the process.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ticker, type Timed } from '../../../src/net/ticker.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const unexpected = (error: unknown): never => {
  throw error
}

function waiting(ticker: Ticker, ms: number): Timed & { ends: number[] } {
  const ends: number[] = []
  const timed = { deadline: ticker.now + ms, ends, expired: (now: number) => void ends.push(now) }
  ticker.add(timed)
  return timed
}

describe('ticker', () => {
  test('a deadline expires once, at the first tick that is not before it', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const timed = waiting(ticker, 250)
    for (let i = 0; i < 10; i++) {
      clock.advance(100)
      ticker.tick()
    }
    assert.deepEqual(timed.ends, [300])
    assert.equal(timed.deadline, Number.POSITIVE_INFINITY)
  })

  test('thousands of deadlines that pass together all expire, in batches', async () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const timed = Array.from({ length: 2_000 }, () => waiting(ticker, 50))
    const ended = (): number => timed.filter(({ ends }) => ends.length > 0).length
    clock.advance(100)
    ticker.tick()
    const atOnce = ended()
    assert.ok(atOnce > 0 && atOnce < 100, `${atOnce} at once`)
    // One whose deadline is put off before its turn comes is not ended.
    timed.at(-1)!.deadline = 10_000
    const turns = await new Promise<number>((resolve) => {
      const look = (turn: number): void => {
        if (ended() >= 1_999 || turn > 1_000) resolve(turn)
        else setImmediate(look, turn + 1)
      }
      look(0)
    })
    assert.ok(turns > 10 && turns < 1_000, `${turns} turns`)
    assert.deepEqual(timed.at(-1)?.ends, [])
    for (const { ends } of timed.slice(0, -1)) assert.deepEqual(ends, [100])
  })

  test('an object that was removed, or has no deadline, never expires', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const timed = waiting(ticker, 50)
    const idle = waiting(ticker, Number.POSITIVE_INFINITY)
    ticker.delete(timed)
    clock.advance(900)
    ticker.tick()
    assert.deepEqual([timed.ends, idle.ends], [[], []])
  })

  test('a suspension of ten minutes does not expire every deadline', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const timed = Array.from({ length: 100 }, () => waiting(ticker, 30_000))
    clock.advance(600_000)
    ticker.tick()
    assert.equal(timed.filter(({ ends }) => ends.length > 0).length, 0)
    for (let i = 0; i < 310; i++) {
      clock.advance(100)
      ticker.tick()
    }
    assert.equal(timed.filter(({ ends }) => ends.length === 1).length, 100)
  })

  test('a deadline set just before a suspension keeps its time', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const timed = waiting(ticker, 1_000)
    clock.advance(4_000)
    ticker.tick()
    assert.deepEqual(timed.ends, [])
    clock.advance(1_000)
    ticker.tick()
    assert.equal(timed.ends.length, 1)
  })

  test('a clock that goes backwards does not move the time of the ticker', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const timed = waiting(ticker, 150)
    clock.advance(-3_600_000)
    ticker.tick()
    clock.advance(100)
    ticker.tick()
    assert.deepEqual(timed.ends, [])
    assert.equal(ticker.now, 100)
  })

  test('a callback may add and remove others', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock, unexpected)
    const other = waiting(ticker, 1_000)
    let later: (Timed & { ends: number[] }) | undefined
    ticker.add({
      deadline: 10,
      expired: () => {
        ticker.delete(other)
        later = waiting(ticker, 100)
      },
    })
    for (let i = 0; i < 20; i++) {
      clock.advance(100)
      ticker.tick()
    }
    assert.deepEqual([other.ends, later?.ends], [[], [200]])
  })

  test('a listener is called at every tick until it is removed', () => {
    const ticker = new Ticker(new ManualClock(), unexpected)
    let calls = 0
    const stop = ticker.onTick(() => calls++)
    ticker.tick()
    ticker.tick()
    stop()
    ticker.tick()
    assert.equal(calls, 2)
  })
})

test('a callback that throws does not delay the others', () => {
  const clock = new ManualClock()
  const faults: unknown[] = []
  const ticker = new Ticker(clock, (error) => faults.push(error))
  let called = 0
  const broken = {
    deadline: 0,
    expired: () => {
      throw new Error('broken')
    },
  }
  const sound = {
    deadline: 0,
    expired: () => {
      called++
    },
  }
  ticker.add(broken)
  ticker.add(sound)
  ticker.tick()
  assert.equal(faults.length, 1)
  assert.equal(called, 1)
})
