import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLimits } from '../../../../src/base/limits.ts'
import { EventRing, type ProxyEvent } from '../../../../src/control/events/event-ring.ts'
import { recordingLog } from '../../../../src/control/events/recording-log.ts'
import { memoryLog } from '../../../support/memory-log.ts'

const ring = (): EventRing => new EventRing(() => Date.UTC(2026, 0, 2, 3, 4, 5))

test('events are numbered and dated, and errors in them become texts', () => {
  const events = ring()
  events.add('warn', { route: 'a', error: new Error('broken') }, 'node is down')
  assert.deepEqual(events.after(0), [
    {
      id: 1,
      at: '2026-01-02T03:04:05.000Z',
      level: 'warn',
      message: 'node is down',
      detail: { route: 'a', error: 'broken' },
    },
  ])
})

test('the oldest events go beyond the limit, which a reader can tell', () => {
  const events = ring()
  assert.ok(events.isKept(0))
  for (let i = 0; i < eventLimits.keptMax + 10; i++) events.add('info', {}, `event ${i}`)
  assert.equal(events.after(0).length, eventLimits.keptMax)
  assert.equal(events.last, eventLimits.keptMax + 10)
  assert.ok(!events.isKept(9))
  assert.ok(events.isKept(10))
  assert.ok(!events.isKept(events.last + 1))
  assert.deepEqual(
    events.after(events.last - 3, 2).map(({ message }) => message),
    ['event 1008', 'event 1009'],
  )
  assert.deepEqual(events.after(events.last), [])
})

test('a follower gets the events from then on, until it ends', () => {
  const events = ring()
  const seen: ProxyEvent[] = []
  events.add('info', {}, 'before')
  const end = events.follow((event) => seen.push(event))
  events.add('info', {}, 'during')
  end()
  events.add('info', {}, 'after')
  assert.deepEqual(
    seen.map(({ message }) => message),
    ['during'],
  )
})

test('a recording log writes its lines, and keeps those from level info on as events', () => {
  const events = ring()
  const lines = memoryLog()
  const log = recordingLog(lines, events)
  log.debug({}, 'a detail')
  log.info({}, 'an event')
  log.error({}, 'a fault')
  assert.deepEqual(lines.messages, ['an event', 'a fault'])
  assert.deepEqual(
    events.after(0).map(({ level, message }) => `${level} ${message}`),
    ['info an event', 'error a fault'],
  )
})
