import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextRows } from '../../../../src/console/model/context-rows.ts'
import { roomText, rowsOf, type Selection } from '../../../../src/console/model/rows.ts'
import { windowOf } from '../../../../src/console/model/window.ts'
import { apiContext, apiNode, PlayedCluster } from '../../../support/console-model.ts'

const { view } = new PlayedCluster([
  apiNode('shop-10', { domain: 'eu', inFlight: 3 }),
  apiNode('shop-2', { domain: 'eu', inFlight: 7 }),
  apiNode('api-1', { domain: 'us', health: 'down', reason: 'ECONNREFUSED' }),
  apiNode('lone', { balancer: 'other', contexts: [apiContext('/wiki')] }),
])

function shown(given: Partial<Selection> = {}): readonly string[] {
  const rows = rowsOf(view, { filter: '', sort: 'node', isReversed: false, ...given })
  return rows.map((row) => {
    if (row.kind === 'node') return row.view.fields.route
    const { balancer, domain, up, nodes } = row.group
    return `[${domain ?? balancer} ${up}/${nodes}]`
  })
}

test('nodes stand below their balancer and domain, in the order of their numbers', () => {
  assert.deepEqual(shown(), [
    '[mycluster 2/3]',
    '[eu 2/2]',
    'shop-2',
    'shop-10',
    '[us 0/1]',
    'api-1',
    '[other 1/1]',
    'lone',
  ])
})

test('all words of a filter have to occur: in names, states, paths and domains', () => {
  assert.deepEqual(shown({ filter: 'EU 10' }), ['[mycluster 1/1]', '[eu 1/1]', 'shop-10'])
  assert.deepEqual(shown({ filter: 'down' }), ['[mycluster 0/1]', '[us 0/1]', 'api-1'])
  assert.deepEqual(shown({ filter: '/wiki' }), ['[other 1/1]', 'lone'])
  assert.deepEqual(shown({ filter: 'nothing' }), [])
})

test('a figure sorts within a group, the greatest first', () => {
  const eu = (given: Partial<Selection>) => shown(given).slice(2, 4)
  assert.deepEqual(eu({ sort: 'inFlight' }), ['shop-2', 'shop-10'])
  assert.deepEqual(eu({ sort: 'inFlight', isReversed: true }), ['shop-10', 'shop-2'])
})

test('only the rows on the screen are drawn, and some above and below', () => {
  assert.deepEqual(windowOf(2_000, 32, 400, 800), { first: 0, end: 21 })
  assert.deepEqual(windowOf(2_000, 32, -32_000, 800), { first: 992, end: 1_033 })
  assert.deepEqual(windowOf(10, 32, -32_000, 800), { first: 10, end: 10 })
})

test('contexts are told once for each path, with the nodes that serve them', () => {
  const { view: shops } = new PlayedCluster([
    apiNode('a', { contexts: [apiContext('/shop', { inFlight: 2 }), apiContext('/api')] }),
    apiNode('b', {
      contexts: [
        apiContext('/shop', { status: 'DISABLED', inFlight: 1 }),
        apiContext('/shop', { status: 'DISABLED', alias: 'other', inFlight: 1 }),
      ],
    }),
  ])
  const trend = { perSecond: 9, errorsPerSecond: 1, p50Ms: 3, p99Ms: 20 }
  const rows = contextRows(
    shops,
    [{ balancer: 'mycluster', context: '/shop', retriedPerSecond: 0, ...trend }],
    '',
  )
  assert.deepEqual(
    rows.map(({ path, enabled, disabled, inFlight, perSecond }) => [
      path,
      enabled,
      disabled,
      inFlight,
      perSecond,
    ]),
    [
      ['/api', ['a'], [], 0, 0],
      ['/shop', ['a'], ['b'], 3, 9],
    ],
  )
  assert.equal(contextRows(shops, [], 'shop b').length, 1)
})

test('the headroom of a balancer is what its usable nodes have learnt', () => {
  assert.equal(roomText({ inHand: 3, room: 9.4 }), 'room for about 9.4 at a time, 3 in hand')
  assert.equal(roomText({ inHand: 0, room: 0 }), '')
})
