import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LinkLog } from '../../../src/agent/link-log.ts'
import type { LinkState } from '../../../src/agent/link-state.ts'
import { memoryLog } from '../../support/memory-log.ts'

const away = (failures: number, reason = 'ECONNREFUSED'): LinkState => {
  return { kind: 'discover', failures, reason }
}
const answers = (failures: number): LinkState => ({ kind: 'register', failures })
const registered: LinkState = { kind: 'report', reachable: true, id: '7' }

test('attempts that fail for one reason are one line, another reason is one more', () => {
  const log = memoryLog()
  const link = new LinkLog('127.0.0.1:6666', 'a', log)
  link.report(registered)
  link.report(away(0))
  for (let failures = 1; failures <= 50; failures++) link.report(away(failures))
  link.report(answers(50))
  link.report(away(51, 'MEM: full'))
  for (let failures = 52; failures <= 60; failures++) {
    link.report(answers(failures - 1))
    link.report(away(failures, 'MEM: full'))
  }
  link.report(answers(60))
  link.report(registered)
  assert.deepEqual(log.messages, [
    'proxy link changed',
    'proxy link changed',
    'not registered with proxy; retrying',
    'not registered with proxy; retrying',
    'proxy link changed',
  ])
  assert.deepEqual(log.details[2], {
    proxy: '127.0.0.1:6666',
    route: 'a',
    state: 'discover',
    failures: 1,
    reason: 'ECONNREFUSED',
  })
})
