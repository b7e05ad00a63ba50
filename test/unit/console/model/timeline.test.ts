import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupsOf } from '../../../../src/console/model/event-text.ts'
import { changesOf, timelineOf } from '../../../../src/console/model/timeline.ts'
import { apiEvent, start } from '../../../support/console-model.ts'

const own = { by: 'node', from: '10.0.0.7' }

const deploy = [
  apiEvent('context disabled', { route: 'c', contexts: ['/'], ...own }, 10),
  apiEvent('context disabled', { route: 'c', contexts: ['/shop'], ...own }, 10.1),
  apiEvent('context stopped', { route: 'c', contexts: ['/'], ...own }, 11),
  apiEvent('node left', { route: 'c', ...own }, 12),
  apiEvent('node joined', { route: 'c', address: 'http://10.0.0.7:80', ...own }, 14),
  apiEvent('context enabled', { route: 'c', contexts: ['/'], ...own }, 14.5),
]

test('a deploy is one band, from the first context that is disabled to the first that is enabled', () => {
  const [lane] = timelineOf(deploy, start)
  assert.deepEqual(lane?.bands, [
    { kind: 'deploy', from: start + 10_000, to: start + 14_500, hasLeft: true },
  ])
  assert.deepEqual(lane?.moments, [])
})

test('changes are told with how long they lasted, the newest first', () => {
  const events = [
    apiEvent('node joined', { route: 'b', ...own }, 1),
    ...deploy,
    apiEvent('context stopped', { route: 'a', contexts: ['/'], by: 'operator' }, 20),
    apiEvent('node is down', { route: 'b', reason: 'ECONNREFUSED' }, 30, 'warn'),
    apiEvent('node is up', { route: 'b' }, 42),
    apiEvent('configuration reloaded', { changed: ['listen'] }, 50),
  ]
  const changes = changesOf(timelineOf(events, start), start + 60_000)
  assert.deepEqual(
    changes.map(({ route, text }) => `${route}: ${text}`),
    [
      ': configuration reloaded',
      'b: was down for 12 s',
      'a: is out by order for 40 s',
      'c: redeployed, away for 4.5 s',
      'b: node joined',
    ],
  )
})

test('what ended before the last ten minutes is not shown, what lasts is', () => {
  const events = [...deploy, apiEvent('node left', { route: 'd', ...own }, 15)]
  const lanes = timelineOf(events, start + 100_000)
  assert.deepEqual(
    lanes.map(({ route, bands }) => [route, bands[0]?.to]),
    [['d', undefined]],
  )
})

test('changes of several contexts of a node at a time are one line', () => {
  assert.deepEqual(
    groupsOf(deploy).map(({ route, text, cause, facts }) => [route, text, cause, facts]),
    [
      ['c', 'context enabled /', 'by itself, from 10.0.0.7', ''],
      ['c', 'node joined', 'by itself, from 10.0.0.7', 'address http://10.0.0.7:80'],
      ['c', 'node left', 'by itself, from 10.0.0.7', ''],
      ['c', 'context stopped /', 'by itself, from 10.0.0.7', ''],
      ['c', 'context disabled / and /shop', 'by itself, from 10.0.0.7', ''],
    ],
  )
})

test('an action of an operator is told with its target and its reason', () => {
  const detail = { action: 'stop', node: 'a', context: '/shop', reason: 'kernel', id: 7 }
  const [group] = groupsOf([apiEvent('operator action', detail, 1)])
  assert.equal(group?.text, 'operator: stop context /shop on node a: kernel')
})

test('the same moment again and again is one line, at the time of the last', () => {
  const at = (second: number): string => new Date(second * 1_000).toISOString()
  const events = [1, 2, 3].map((id) => ({
    id,
    at: at(id),
    level: 'warn' as const,
    message: 'process was suspended',
    detail: { ms: id },
  }))
  const changes = changesOf(timelineOf(events, 0), 10_000)
  assert.deepEqual(
    changes.map((change) => [change.at, change.text]),
    [[3_000, 'process was suspended (3 times)']],
  )
})
