import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLimits, heldLimits } from '../../../src/base/limits.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import { type RoomReader, StreamRoom } from '../../../src/control/stream-room.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'

interface TestReader extends RoomReader {
  standsMs: number
  isCut: boolean
}

function readerOf(remote: string): TestReader {
  const reader: TestReader = {
    remote,
    standsMs: 0,
    isCut: false,
    cut: () => {
      reader.isCut = true
    },
  }
  return reader
}

/** Full, with one reader of each address. */
function fullRoom(...addresses: readonly string[]): {
  room: StreamRoom<TestReader>
  clock: ManualClock
  readers: readonly TestReader[]
  counts: ControlCounts
  log: MemoryLog
} {
  const [clock, counts, log] = [new ManualClock(), new ControlCounts(), memoryLog()]
  const room = new StreamRoom<TestReader>(addresses.length, { clock, counts, log })
  const readers = addresses.map(readerOf)
  for (const reader of readers) {
    assert.ok(room.enter(reader))
    clock.advance(1)
  }
  return { room, clock, readers, counts, log }
}

const cutOf = (readers: readonly TestReader[]): readonly boolean[] =>
  readers.map(({ isCut }) => isCut)

test('of the address with the most, one that stands still leaves first, else the oldest', () => {
  const { room, readers } = fullRoom('a', 'a', 'a', 'b')
  ;(readers[1] as TestReader).standsMs = heldLimits.stalledMs
  assert.ok(room.enter(readerOf('c')))
  assert.deepEqual(cutOf(readers), [false, true, false, false])
  const one = fullRoom('a', 'a', 'a', 'b')
  assert.ok(one.room.enter(readerOf('c')))
  assert.deepEqual(cutOf(one.readers), [true, false, false, false])
})

test('one that gets no place is counted and logged, in one line for many', () => {
  const { room, counts, log } = fullRoom('a', 'b')
  assert.equal(room.hasRoomFor('c'), false)
  assert.equal(room.enter(readerOf('c')), false)
  assert.deepEqual([...counts.refusals], [['streams', 2]])
  assert.deepEqual(log.messages, ['no room for more streams'])
  assert.deepEqual(log.details, [{ remote: 'c', limit: 2 }])
})

test('an address with the most gets no place of another, whatever stands still', () => {
  const { room, clock, readers } = fullRoom('b', 'a', 'a', 'b')
  ;(readers[0] as TestReader).standsMs = heldLimits.stalledMs
  assert.equal(room.hasRoomFor('a'), false)
  assert.equal(room.enter(readerOf('a')), false)
  clock.advance(eventLimits.turnMs)
  assert.ok(room.enter(readerOf('a')))
  assert.deepEqual(cutOf(readers), [false, true, false, false])
})

test('readers of one address whose client has gone make room after their turn, the oldest first', () => {
  const { room, clock, readers } = fullRoom('a', 'a', 'a')
  assert.equal(room.enter(readerOf('a')), false)
  clock.advance(eventLimits.turnMs)
  for (let count = 1; count <= 3; count++) {
    assert.ok(room.enter(readerOf('a')))
    assert.equal(readers.filter(({ isCut }) => isCut).length, count)
  }
  assert.equal(room.enter(readerOf('a')), false)
})

test('where each address has one reader, the oldest leaves after its turn', () => {
  const { room, clock, readers } = fullRoom('a', 'b')
  assert.equal(room.hasRoomFor('c'), false)
  clock.advance(eventLimits.turnMs)
  assert.ok(room.hasRoomFor('c'))
  assert.ok(room.enter(readerOf('c')))
  assert.deepEqual(cutOf(readers), [true, false])
})

test('a place that is given back is free', () => {
  const { room, readers } = fullRoom('a')
  room.leave(readers[0] as TestReader)
  assert.ok(room.enter(readerOf('a')))
})
