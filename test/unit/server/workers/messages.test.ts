import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopspinError } from '../../../../src/base/errors.ts'
import { listenFailure } from '../../../../src/cli/listen-failure.ts'
import { errorFrom, plainError } from '../../../../src/server/workers/messages.ts'

test('an address in use is still reported as such after JSON', () => {
  const cause = Object.assign(new Error('listen EADDRINUSE: address already in use'), {
    code: 'EADDRINUSE',
    syscall: 'listen',
    address: '::1',
    port: 80,
  })
  const error = new TopspinError('LISTEN', 'cannot listen', {
    side: 'proxy',
    phase: 'accept',
    cause,
  })
  const received = errorFrom(JSON.parse(JSON.stringify(plainError(error))))
  const { message, exitCode } = listenFailure(received, 'topspin serve')
  assert.equal(exitCode, 75)
  assert.match(message, /^\[::1\]:80 is in use/)
})

test('every thrown value keeps its message', () => {
  assert.equal(errorFrom(plainError(new RangeError('no such thing'))).message, 'no such thing')
  assert.equal(errorFrom(plainError('text')).message, 'text')
})
