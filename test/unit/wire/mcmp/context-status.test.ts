// The order and numbers of a context's status.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ContextStatus,
  compareStatus,
  statusAfter,
  statusNumber,
} from '../../../../src/wire/mcmp/context-status.ts'

const byNumber: readonly ContextStatus[] = ['ENABLED', 'DISABLED', 'STOPPED']

test('the most enabled status is sorted first', () => {
  assert.deepEqual(byNumber.toReversed().sort(compareStatus), byNumber)
  assert.equal(compareStatus('DISABLED', 'DISABLED'), 0)
})

test('each command sets its status, numbered from 1 as in INFO', () => {
  const set = [statusAfter['ENABLE-APP'], statusAfter['DISABLE-APP'], statusAfter['STOP-APP']]
  assert.deepEqual(set, byNumber)
  assert.deepEqual(
    set.map((status) => statusNumber[status]),
    [1, 2, 3],
  )
})
