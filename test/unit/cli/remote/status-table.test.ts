// The table of `topspin status`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  contextsTable,
  contextsText,
  statusTable,
} from '../../../../src/cli/remote/status-table.ts'
import { newCounters, plainCounts } from '../../../../src/cluster/traffic-counts.ts'
import {
  type NodeReport,
  nodeState,
  type StatusReport,
} from '../../../../src/control/status-report.ts'

const node: NodeReport = {
  route: 'a',
  balancer: 'mycluster',
  domain: '',
  host: '10.0.0.7',
  port: 8080,
  type: 'http',
  removal: 'none',
  fixed: false,
  backup: false,
  source: '',
  loadFactor: 80,
  statusAgeMs: 900,
  silent: false,
  unconfirmed: false,
  health: 'up',
  reason: null,
  ejectedForErrors: false,
  inFlight: 3,
  connections: 4,
  weight: 100,
  ejected: false,
  maxConnections: null,
  queued: 0,
  room: { inHand: 2, long: 1, ms: 41.26, knee: 4 },
  sessions: 0,
  elected: 1200,
  failures: 0,
  errors: 150,
  bytesRead: 0,
  bytesSent: 0,
  contexts: [
    {
      path: '/shop',
      alias: 'localhost',
      status: 'ENABLED',
      inFlight: 0,
    },
    {
      path: '/shop',
      alias: 'shop.test',
      status: 'ENABLED',
      inFlight: 0,
    },
    { path: '/', alias: 'localhost', status: 'ENABLED', inFlight: 0 },
    {
      path: '/old',
      alias: 'localhost',
      status: 'STOPPED',
      inFlight: 0,
    },
  ],
}
const report: StatusReport = {
  version: 7,
  draining: false,
  balancers: [],
  workers: [],
  state: null,
  cluster: null,
  certificates: [],
  traffic: plainCounts(newCounters()),
  nodes: [node],
  orders: [],
  engines: [],
  sources: [],
}

test('columns are aligned, and a path is listed once, whatever its aliases', () => {
  const other: NodeReport = {
    ...node,
    route: 'longer-name',
    host: '::1',
    domain: 'east',
    loadFactor: null,
    room: { ...node.room, ms: null },
    contexts: [],
  }
  assert.deepEqual(statusTable({ ...report, nodes: [node, other] }).split('\n'), [
    'NODE         ADDRESS               BALANCER        STATE     LOAD  IN FLIGHT  IN HAND  LONG  ROOM FOR  MS  ELECTED  FAILED      ERRORS  CONTEXTS',
    'a            http://10.0.0.7:8080  mycluster       up          80          3        2     1         4  41     1200       0  150 (13 %)  ENABLED / /shop, STOPPED /old',
    'longer-name  http://[::1]:8080     mycluster/east  starting     -          3        2     1         4   -     1200       0  150 (13 %)',
    '',
  ])
})

test('a node that is down says why, in the table or below it', () => {
  const down = (reason: string): string =>
    statusTable({ ...report, nodes: [{ ...node, health: 'down', reason, contexts: [] }] })
  assert.match(down('ECONNREFUSED'), / {2}down \(ECONNREFUSED\) {2}/)
  const long = 'its certificate is not trusted: self-signed certificate in certificate chain'
  assert.match(down(long), / {2}down \(its certificate is not trusted: self-s\.\.\.\) {2}/)
  assert.equal(down(long).split('\n')[3], `a is down: ${long}`)
})

test('the orders of operators stand beside the status, also those for nodes that are not registered', () => {
  const [shop, ...others] = node.contexts
  assert.ok(shop !== undefined)
  const ordered: NodeReport = {
    ...node,
    contexts: [
      { ...shop, status: 'DISABLED', own: 'ENABLED', order: 'DISABLED' },
      { ...shop, path: '/a', status: 'STOPPED', own: 'STOPPED', order: 'STOPPED' },
      { ...shop, path: '/b', status: 'STOPPED', own: 'STOPPED', order: 'DISABLED' },
      ...others.slice(1, 2),
    ],
  }
  assert.equal(
    contextsText(ordered),
    'ENABLED /, DISABLED /shop (operator; node: ENABLED), STOPPED /a (operator and node), STOPPED /b (node; operator: DISABLED)',
  )
  const orders = [
    { route: 'gone', node: 'STOPPED' as const, contexts: [] },
    { route: 'off', contexts: [{ alias: 'x', path: '/y', status: 'DISABLED' as const }] },
  ]
  assert.deepEqual(
    statusTable({ ...report, nodes: [], orders })
      .split('\n')
      .slice(2, 4),
    [
      'gone is not registered; an operator has ordered for it: STOPPED',
      'off is not registered; an operator has ordered for it: DISABLED /y on x',
    ],
  )
})

test('an empty cluster and a draining proxy are written in words', () => {
  assert.equal(statusTable({ ...report, nodes: [] }), 'No nodes are registered.\n')
  assert.match(statusTable({ ...report, draining: true }), /^The proxy is draining\.\nNODE/)
})

test('the worker processes are listed below the nodes', () => {
  const workers = [
    { pid: 4711, connections: 12, requests: 34_567, restarts: 0 },
    { pid: null, connections: 0, requests: 0, restarts: 3 },
  ]
  assert.deepEqual(statusTable({ ...report, nodes: [], workers }).split('\n'), [
    'No nodes are registered.',
    '',
    'WORKER      CONNECTIONS  REQUESTS  RESTARTS',
    '4711                 12     34567         0',
    'restarting            0         0         3',
    '',
  ])
})

const states: readonly [Partial<NodeReport>, string][] = [
  [{}, 'up'],
  [{ health: 'suspect' }, 'suspect'],
  [{ health: 'down', reason: 'connection refused' }, 'down (connection refused)'],
  [{ removal: 'marked', health: 'down' }, 'removed'],
  [{ loadFactor: -1 }, 'broken'],
  [{ loadFactor: 0 }, 'standby'],
  [{ silent: true }, 'silent'],
  [{ loadFactor: null }, 'starting'],
]
for (const [change, expected] of states) {
  test(`${JSON.stringify(change)} is shown as ${expected}`, () => {
    assert.equal(nodeState({ ...node, ...change }), expected)
  })
}

test('a node without contexts has an empty column', () => {
  assert.equal(contextsText({ ...node, contexts: [] }), '')
})

test('a table that is too wide for the terminal leaves out columns, and says which', () => {
  const lines = statusTable(report, 80).split('\n')
  assert.match(lines[0] ?? '', /^NODE .*STATE .*LOAD .*IN FLIGHT .*MS .*ERRORS {2}CONTEXTS$/)
  for (const line of lines) assert.ok(line.length < 80, line)
  assert.match(lines.slice(2).join(' '), /^Left out for lack of width .*: {3}LONG, ELECTED, /)
})

test('a path with a blank stays in its column', () => {
  const context = { path: '/a b', alias: 'localhost', status: 'ENABLED', inFlight: 0 } as const
  const [titles = '', row = ''] = contextsTable([
    { ...node, contexts: [{ ...node.contexts[0], ...context }] } as NodeReport,
  ]).split('\n')
  assert.equal(row.indexOf('/a b'), titles.indexOf('CONTEXT'))
  assert.equal(row.indexOf('ENABLED'), titles.indexOf('STATUS'))
})
