import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LinkLog } from '../../../src/agent/link-log.ts'
import { firstLinkState, type LinkState } from '../../../src/agent/link-state.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'

const away = (failures: number, reason = 'ECONNREFUSED'): LinkState => {
  return { kind: 'discover', failures, reason }
}
const answers = (failures: number): LinkState => ({ kind: 'register', failures })
const registered: LinkState = { kind: 'report', reachable: true, id: '7' }

/** The log of a link that went through these states. */
function logOf(...states: readonly LinkState[]): MemoryLog {
  const log = memoryLog()
  const link = new LinkLog('127.0.0.1:6666', 'a', log)
  let before = firstLinkState
  for (const state of states) {
    link.report(before, state, '127.0.0.1:3000')
    before = state
  }
  return log
}

test('a link that joins and leaves is one line for each, with the address of the node', () => {
  const log = logOf(answers(0), registered, { kind: 'drain' }, { kind: 'gone' })
  assert.deepEqual(log.messages, ['node joined', 'node left'])
  assert.deepEqual(log.details[0], {
    proxy: '127.0.0.1:6666',
    route: 'a',
    address: '127.0.0.1:3000',
  })
})

test('attempts that fail for one reason are one line, another reason is one more', () => {
  const refused = Array.from({ length: 50 }, (_, index) => away(index + 1))
  const full = [51, 52, 53].flatMap((failures) => [
    answers(failures - 1),
    away(failures, 'MEM: full'),
  ])
  const log = logOf(answers(0), registered, away(0), ...refused, ...full, answers(53), registered)
  assert.deepEqual(log.messages, [
    'node joined',
    'not registered with proxy; retrying',
    'not registered with proxy; retrying',
    'node joined again',
  ])
  const reasons = log.details.map((detail) => (detail as { reason?: string }).reason)
  assert.deepEqual(reasons, [undefined, 'ECONNREFUSED', 'MEM: full', 'ECONNREFUSED'])
})

test('two causes that take turns are two lines', () => {
  const turns = Array.from({ length: 100 }, (_, index) => away(index + 1, `cause ${index % 2}`))
  assert.equal(logOf(...turns).messages.length, 2)
})

test('a proxy that cannot connect to the node is a warning with the reason', () => {
  const unreached: LinkState = {
    kind: 'report',
    reachable: false,
    reason: 'ECONNREFUSED',
    id: '7',
  }
  const log = logOf(answers(0), unreached, registered)
  assert.deepEqual(log.messages, [
    'node joined',
    'proxy cannot connect to this node',
    'proxy connects to this node again',
  ])
  assert.equal((log.details[1] as { reason: string }).reason, 'ECONNREFUSED')
})

test('a node that is removed without a reply is a warning', () => {
  const log = logOf(registered, { kind: 'drain' }, { kind: 'gone', reason: 'no reply' })
  assert.deepEqual(log.messages, ['node joined', 'node left without a reply of the proxy'])
})
