import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defaultSort,
  nodeLines,
  sortColumns,
  type TopView,
  topScreen,
} from '../../../../src/cli/remote/top-screen.ts'
import type { NodeView } from '../../../../src/control/api/node-view.ts'

const node = (route: string, given: Partial<NodeView> = {}): NodeView =>
  ({
    route,
    removal: 'none',
    health: 'up',
    contexts: [],
    backup: false,
    ejected: false,
    silent: false,
    unconfirmed: false,
    loadFactor: 80,
    perSecond: 1,
    errorsPerSecond: 0,
    p50Ms: 2,
    p99Ms: null,
    inFlight: 0,
    queued: 0,
    sessions: 0,
    failures: 0,
    weight: 100,
    ...given,
  }) as NodeView

const view = (nodes: readonly NodeView[], given: Partial<TopView> = {}): TopView => ({
  control: '127.0.0.1:6666',
  now: 0,
  nodes: new Map(nodes.map((each) => [each.route, each])),
  traffic: { perSecond: 3, errorsPerSecond: 0.5, p50Ms: 2, p99Ms: null, retries: 7 },
  events: [],
  sort: defaultSort,
  isReversed: false,
  offset: 0,
  trouble: '',
  ...given,
})

const routes = (lines: readonly string[]): readonly string[] =>
  lines.slice(4).flatMap((line) => /^(n\S*) /.exec(line)?.[1] ?? [])

test('the screen fills the terminal exactly, at any size', () => {
  const nodes = Array.from({ length: 40 }, (_, index) => node(`n${index}`))
  for (const [width, height] of [
    [80, 24],
    [40, 10],
    [200, 60],
  ] as const) {
    const lines = topScreen(view(nodes), width, height)
    assert.equal(lines.length, height)
    assert.ok(lines.every((line) => line.length <= width))
    assert.equal(routes(lines).length, Math.min(40, nodeLines(height)))
  }
})

test('nodes are sorted by any column, in either direction, and scrolled', () => {
  const nodes = [
    node('n1', { perSecond: 5 }),
    node('n2', { perSecond: 9, p50Ms: 30 }),
    node('n3', { perSecond: 7, health: 'down', reason: 'ECONNREFUSED' }),
  ]
  const shown = (given: Partial<TopView>) => routes(topScreen(view(nodes, given), 80, 24))
  assert.deepEqual(shown({}), ['n2', 'n3', 'n1'])
  assert.deepEqual(shown({ isReversed: true }), ['n1', 'n3', 'n2'])
  assert.deepEqual(shown({ sort: 0 }), ['n1', 'n2', 'n3'])
  assert.deepEqual(shown({ offset: 1 }), ['n3', 'n1'])
  const p50 = sortColumns.findIndex(({ title }) => title === 'P50 MS')
  assert.equal(shown({ sort: p50 })[0], 'n2')
})

test('what comes from nodes cannot move the cursor', () => {
  const lines = topScreen(view([node('n\x1b[2J1')], { trouble: 'x\x1b[H' }), 80, 24)
  assert.ok(!lines.join('').includes('\x1b'))
})
