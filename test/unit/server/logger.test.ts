// The readable form of a log line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readableLine, shownLine } from '../../../src/server/logger.ts'

const line = (detail: object): string =>
  JSON.stringify({
    level: 'warn',
    time: '2026-11-21T14:03:07.123Z',
    ...detail,
    msg: 'node is down',
  })

test('time, level, message and details stand in one line', () => {
  assert.equal(
    readableLine(line({ route: 'a', reason: 'connection refused', failures: 3 }), false),
    '14:03:07 warn  node is down route=a reason="connection refused" failures=3\n',
  )
})

test('an error is shown by its message', () => {
  assert.equal(
    readableLine(
      line({ err: { type: 'Error', message: 'no such file', stack: 'Error\n  at x' } }),
      false,
    ),
    '14:03:07 warn  node is down err="no such file"\n',
  )
})

test('a line feed in a value does not begin a new line', () => {
  assert.equal(
    readableLine(line({ path: 'a\nb' }), false),
    '14:03:07 warn  node is down path="a\\nb"\n',
  )
})

test('characters that a terminal acts upon or hides are escaped in both forms', () => {
  const json = line({ route: 'a\u{9b}2Jb\u{202e}c' })
  assert.equal(
    readableLine(json, false),
    '14:03:07 warn  node is down route="a\\u009b2Jb\\u202ec"\n',
  )
  const shown = shownLine(`${json}\n`)
  assert.match(shown, /"route":"a\\u009b2Jb\\u202ec".*\}\n$/)
  assert.deepEqual(JSON.parse(shown), JSON.parse(json))
})
