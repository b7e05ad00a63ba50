import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiNode } from '../../../../src/console/model/api.ts'
import { problemsOf } from '../../../../src/console/model/problems.ts'
import { apiContext, apiNode, PlayedCluster, start } from '../../../support/console-model.ts'

const textsOf = ({ view, at }: PlayedCluster): readonly string[] =>
  problemsOf(view, { proxy: undefined, certificates: [], applications: [] }, at).map(
    ({ text }) => text,
  )

const texts = (...nodes: readonly ApiNode[]): readonly string[] => textsOf(new PlayedCluster(nodes))

test('a cluster in which all is well has no problems', () => {
  assert.deepEqual(texts(apiNode('a'), apiNode('b')), [])
})

test('each state of a node that nobody wants is a sentence', () => {
  const well = apiNode('a')
  const cases: readonly (readonly [Partial<ApiNode>, string])[] = [
    [{ health: 'down', reason: 'ECONNREFUSED' }, 'Node b is down: ECONNREFUSED'],
    [{ loadFactor: -1 }, 'Node b reports that it is broken'],
    [
      { silent: true, reportedAt: start - 32_000 },
      'Node b has not reported for 32 s, and is on standby',
    ],
    [{ reportedAt: start - 31_000 }, 'Node b has not reported for 31 s'],
    [
      { unconfirmed: true },
      'Node b is known from the state file and has not reported since the proxy started',
    ],
    [
      { order: 'DISABLED', contexts: [apiContext('/', { status: 'DISABLED', order: 'DISABLED' })] },
      'Node b is disabled by order of an operator',
    ],
    [{ ejected: true }, 'Node b is ejected by order of an operator'],
    [{ weight: 20 }, 'Node b has a weight of 20 % by order of an operator'],
  ]
  for (const [given, text] of cases) assert.deepEqual(texts(well, apiNode('b', given)), [text])
})

test('a node that reports rarely is late after three times its interval', () => {
  const cluster = new PlayedCluster([apiNode('a', { reportedAt: start - 50_000 })])
  cluster.tell([{ route: 'a', reportedAt: start - 35_000 }])
  assert.deepEqual(textsOf(cluster), [])
  cluster.play(11)
  assert.deepEqual(textsOf(cluster), ['Node a has not reported for 46 s'])
})

test('many nodes with one problem are one sentence', () => {
  const down = ['a', 'b', 'c', 'd', 'e', 'f'].map((route) => apiNode(route, { health: 'down' }))
  assert.deepEqual(texts(apiNode('x'), ...down), ['6 nodes are down: a, b, c and 3 more'])
})

test('a path that nobody serves is told', () => {
  const stopped = apiNode('a', { contexts: [apiContext('/shop', { status: 'STOPPED' })] })
  assert.deepEqual(texts(stopped), ['No node serves /shop: requests get 503'])
  const disabled = apiNode('b', { contexts: [apiContext('/shop', { status: 'DISABLED' })] })
  assert.deepEqual(texts(stopped, disabled), [
    'No node takes new sessions for /shop: requests without one get 503',
  ])
})

test('shares of retried, failed and refused requests are those of the last minute', () => {
  const traffic = { requests: 0, retries: 0, refusedFor: {} }
  const cluster = new PlayedCluster([apiNode('a'), apiNode('b')], traffic)
  cluster.play(30, (second) =>
    cluster.tell(
      [
        { route: 'a', elected: second * 50, errors: second * 2 },
        { route: 'b', elected: second * 50, failures: second * 5 },
      ],
      {
        requests: second * 100,
        retries: second * 3,
        refusedFor: second === 30 ? { NO_NODE: 12, NO_CONTEXT: 400 } : {},
      },
    ),
  )
  assert.deepEqual(textsOf(cluster), [
    '4 % of the responses of node a were errors (5xx) in the last minute',
    '10 % of the requests to node b failed in the last minute',
    '12 requests got 503, because no node was usable, in the last minute',
    '3 % of the requests were retried in the last minute',
  ])
  cluster.play(75)
  assert.deepEqual(textsOf(cluster), [])
})

test('a proxy that drains and a state file that is not written are told', () => {
  const { view, at } = new PlayedCluster([])
  const caller = { role: 'operator' } as const
  const proxy = { caller, draining: true, state: { file: '/var/lib/topspin', reason: 'ENOSPC' } }
  assert.deepEqual(
    problemsOf(view, { proxy, certificates: [], applications: [] }, at).map(({ text }) => text),
    ['The state file /var/lib/topspin is not up to date: ENOSPC', 'The proxy drains: it ends soon'],
  )
})

test('certificates that expire, or are not renewed, are told', () => {
  const { view, at } = new PlayedCluster([])
  const day = 86_400_000
  const certificate = (days: number, error: string | null = null) => ({
    names: ['shop.example.com'],
    source: 'acme',
    issuer: null,
    notBefore: new Date(at + (days - 90) * day).toISOString(),
    notAfter: new Date(at + days * day).toISOString(),
    renewal: error === null ? null : { at: '', failures: 1, error },
  })
  const tell = (given: ReturnType<typeof certificate>): readonly string[] =>
    problemsOf(view, { proxy: undefined, certificates: [given], applications: [] }, at).map(
      ({ text }) => text,
    )
  assert.deepEqual(tell(certificate(30)), [])
  assert.deepEqual(tell(certificate(9)), ['The certificate for shop.example.com expires in 9 days'])
  assert.deepEqual(tell(certificate(-1)), ['The certificate for shop.example.com has expired'])
  // Of a certificate that lives for six days, four are left.
  const short = {
    ...certificate(4),
    source: 'file',
    notBefore: new Date(at - 2 * day).toISOString(),
  }
  assert.deepEqual(tell(short), [])
  assert.deepEqual(tell(certificate(20, 'no answer')), [
    'The certificate for shop.example.com was not renewed: no answer',
  ])
})

test('retries are told by context, the worst first', () => {
  const cluster = new PlayedCluster([apiNode('a')], { requests: 0, retries: 0, refusedFor: {} })
  cluster.play(30, (second) =>
    cluster.tell([], { requests: second * 100, retries: second * 3, refusedFor: {} }),
  )
  const of = (context: string, retriedPerSecond: number) => ({
    balancer: 'mycluster',
    context,
    perSecond: 100,
    errorsPerSecond: 0,
    p50Ms: 1,
    p99Ms: 2,
    retriedPerSecond,
  })
  const applications = [of('/', 0), of('/api', 3), of('/shop', 12)]
  const { view, at } = cluster
  assert.deepEqual(
    problemsOf(view, { proxy: undefined, certificates: [], applications }, at).map(
      ({ text }) => text,
    ),
    [
      '12 % of the requests to /shop were retried in the last seconds',
      '3 % of the requests to /api were retried in the last seconds',
    ],
  )
})
