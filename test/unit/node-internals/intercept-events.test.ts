import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import {
  interceptEvents,
  probeInterceptEvents,
} from '../../../src/node-internals/intercept-events.ts'

function emitterWithLog(): { emitter: EventEmitter; log: unknown[] } {
  const emitter = new EventEmitter()
  const log: unknown[] = []
  emitter.on('request', (...args) => log.push(...args))
  return { emitter, log }
}

test('an HTTP server emits its requests so that they can be intercepted', () => {
  assert.equal(probeInterceptEvents(), true)
})

test('an event that is kept does not reach the listeners, and can be emitted later', () => {
  const { emitter, log } = emitterWithLog()
  const interception = interceptEvents(emitter, (_event, first) => first === 'kept')
  assert.equal(emitter.emit('request', 'kept', 1, 2), true)
  emitter.emit('request', 'passed', 1, 2, 3)
  assert.deepEqual(log, ['passed', 1, 2, 3])
  interception.emit('request', 'kept')
  assert.deepEqual(log.slice(4), ['kept'])
})

test('interceptions of one emitter can end in any order', () => {
  const { emitter, log } = emitterWithLog()
  const emit = emitter.emit
  const seen: string[] = []
  const watch = (name: string) =>
    interceptEvents(emitter, () => {
      seen.push(name)
      return false
    })
  const [first, second] = [watch('first'), watch('second')]
  first.end()
  emitter.emit('request', 1)
  assert.deepEqual(seen, ['second'])
  second.end()
  emitter.emit('request', 2)
  assert.deepEqual([seen, log], [['second'], [1, 2]])
  assert.notEqual(emitter.emit, emit, 'what is below an ended interception cannot be removed')
})
