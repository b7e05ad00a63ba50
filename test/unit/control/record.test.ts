import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Node } from '../../../src/cluster/node.ts'
import { emptySnapshot } from '../../../src/cluster/snapshot.ts'
import { publishChanges, recordProbe, recordStatus } from '../../../src/control/record.ts'
import { clusterOf, nodeOf } from '../../support/cluster-fixture.ts'
import { type ControlFixture, controlFixture } from '../../support/control-fixture.ts'

const node: Node = nodeOf(1, { route: 'a' })
const answered = { answered: true, reason: 'answered' }
const refused = { answered: false, reason: 'ECONNREFUSED', unreachable: true }
const shortage = { answered: false, reason: 'EMFILE', shortage: true }
const unanswered = { answered: false, reason: 'no answer', late: 'answer' } as const
const unconnected = { answered: false, reason: 'no connection', late: 'connection' } as const

let fixture: ControlFixture
/** Nodes of which the traffic was notified. */
let notified: number[]

beforeEach(() => {
  notified = []
  fixture = controlFixture({ traffic: { notify: (id) => void notified.push(id) } })
})

const live = () => fixture.settings.live.of(node.id)

describe('a probe', () => {
  test('that fails makes the node down, and notifies the traffic once', () => {
    recordProbe(fixture.settings, node, refused, 0)
    recordProbe(fixture.settings, node, refused, 0)
    assert.equal(live().health.kind, 'down')
    assert.deepEqual(notified, [1])
    assert.deepEqual(
      live().recentFailures?.all.map(({ code, reason }) => [code, reason]),
      [
        ['PROBE', 'ECONNREFUSED'],
        ['PROBE', 'ECONNREFUSED'],
      ],
    )
    assert.deepEqual(fixture.log.messages, ['node is down'])
    assert.deepEqual(fixture.log.details, [
      { route: 'a', reason: 'ECONNREFUSED', by: 'health check' },
    ])
  })

  test('that succeeds makes a node that was down up, in a new epoch', () => {
    recordProbe(fixture.settings, node, refused, 0)
    recordProbe(fixture.settings, node, answered, 0)
    assert.equal(live().health.kind, 'up')
    assert.equal(live().epoch, 1)
    assert.deepEqual(notified, [1, 1])
  })

  test('that succeeds changes nothing at a node that is up', () => {
    recordProbe(fixture.settings, node, answered, 0)
    assert.deepEqual(notified, [])
  })

  test('that failed for lack of a local resource changes nothing', () => {
    recordProbe(fixture.settings, node, shortage, 0)
    assert.equal(live().health.kind, 'up')
    assert.deepEqual(notified, [])
  })
})

describe('a late probe', () => {
  test('makes an idle node down when no connection was made', () => {
    recordProbe(fixture.settings, node, unconnected, 0)
    assert.equal(live().health.kind, 'down')
  })

  test('does not make a node down that works on requests: its queue may be full', () => {
    live().inFlight = 1
    recordProbe(fixture.settings, node, unconnected, 0)
    assert.equal(live().health.kind, 'suspect')
  })

  test('makes a node down after three of them without an answer', () => {
    for (const kind of ['suspect', 'suspect', 'down']) {
      recordProbe(fixture.settings, node, unanswered, 0)
      assert.equal(live().health.kind, kind)
    }
  })

  test('does not count while the node sends bytes to clients', () => {
    live().bytesRead = 10
    for (let i = 0; i < 5; i++) recordProbe(fixture.settings, node, unanswered, 9)
    assert.equal(live().health.kind, 'up')
  })
})

describe('a STATUS message', () => {
  test('sets the time of the last report and confirms the node', () => {
    live().unconfirmed = true
    fixture.clock.advance(700)
    recordStatus(fixture.settings, node)
    assert.equal(live().statusAt, 700)
    assert.equal(live().unconfirmed, false)
    assert.deepEqual(notified, [])
  })

  test('ends the silence of a node', () => {
    live().silent = true
    recordStatus(fixture.settings, node)
    assert.equal(live().silent, false)
    assert.equal(live().epoch, 1)
    assert.deepEqual(notified, [1])
    assert.deepEqual(fixture.log.messages, ['node reports again'])
  })
})

describe('changes', () => {
  test('reach the live numbers before the traffic', async () => {
    let seen: number | undefined
    const { settings } = controlFixture({
      traffic: {
        apply: () => {
          seen = settings.live.of(1).loadFactor
        },
      },
    })
    await publishChanges(settings, emptySnapshot, clusterOf([{ factor: 73 }]))
    assert.equal(seen, 73)
  })

  test('are not published when there are none', async () => {
    const { settings } = controlFixture({ traffic: { apply: () => assert.fail('published') } })
    await publishChanges(settings, emptySnapshot, [])
  })
})
