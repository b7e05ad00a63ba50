import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../src/cluster/snapshot.ts'
import { match } from '../../../../src/forward/stages/match.ts'
import { recall } from '../../../../src/forward/stages/recall.ts'
import { balancerOf, clusterOf, contextOf, nodeOf } from '../../../support/cluster-fixture.ts'
import { type ExchangeGiven, exchangeOf, requestText } from '../../../support/exchange-fixture.ts'

/** What is recalled of a request for `target` with this Cookie. */
function recalled(target: string, cookie: string, given: ExchangeGiven) {
  const fields = cookie === '' ? [] : [`Cookie: ${cookie}`]
  const { state } = exchangeOf(requestText(`GET ${target} HTTP/1.1`, ...fields), given)
  const { request, choice, traffic } = state
  assert.equal(match(request, traffic), undefined)
  recall(request, choice, traffic)
  const { hasSession, sessionId, route, domain, balancer } = choice
  assert.equal(balancer, choice.application.balancer)
  return { hasSession, sessionId, route, domain, balancer: balancer.name }
}

const one = { nodes: [{ route: 'a', domain: 'east' }] }
const nothing = { hasSession: false, sessionId: '', route: undefined, domain: '' }

test('the cookie of the balancer names the route and its domain', () => {
  assert.deepEqual(recalled('/', 'x=1; JSESSIONID=abc.a', one), {
    hasSession: true,
    sessionId: 'abc.a',
    route: 'a',
    domain: 'east',
    balancer: 'mycluster',
  })
})

test('without the cookie the path parameter counts', () => {
  assert.equal(recalled('/p;jsessionid=abc.a?q', 'other=abc.a', one).route, 'a')
  assert.equal(recalled('/p?;jsessionid=abc.a', '', one).hasSession, false)
})

test('a session of an unknown node is a session without a route', () => {
  const { hasSession, sessionId, route, domain } = recalled('/', 'JSESSIONID=abc.gone', one)
  assert.deepEqual([hasSession, sessionId, route, domain], [true, 'abc.gone', undefined, ''])
})

test('a balancer without sticky sessions recalls nothing', () => {
  const { balancer, ...rest } = recalled('/', 'JSESSIONID=abc.a', {
    ...one,
    balancer: { sticky: false },
  })
  assert.deepEqual(rest, nothing)
  assert.equal(balancer, 'mycluster')
})

/** Two balancers with a node each for the same context. */
const two: readonly Change[] = [
  ...clusterOf([{ route: 'a', contexts: [contextOf('/', 'DISABLED')] }]),
  { kind: 'balancer', balancer: balancerOf({ name: 'second', cookie: 'SECOND' }) },
  { kind: 'node', node: nodeOf(2, { route: 'b', balancer: 'second' }) },
  { kind: 'contexts', id: 2, contexts: [contextOf('/')] },
]

test('of several balancers the one whose cookie names a node of its own is selected', () => {
  assert.equal(recalled('/', 'SECOND=x.b', { changes: two }).balancer, 'second')
  assert.equal(recalled('/', 'JSESSIONID=x.a; SECOND=x.b', { changes: two }).balancer, 'mycluster')
})

test('without a session the first balancer with an enabled context is selected', () => {
  assert.equal(recalled('/', '', { changes: two }).balancer, 'second')
  assert.equal(recalled('/', 'JSESSIONID=x.gone', { changes: two }).balancer, 'mycluster')
})

test('a balancer whose session is of no use does not keep the next one from being asked', () => {
  assert.equal(recalled('/', 'JSESSIONID=x.gone; SECOND=x.b', { changes: two }).route, 'b')
  const [first, ...rest] = two
  assert.equal(first?.kind, 'balancer')
  const loose: Change = { kind: 'balancer', balancer: balancerOf({ sticky: false }) }
  const given = { changes: [loose, ...rest] }
  assert.equal(recalled('/', 'JSESSIONID=x.a; SECOND=x.b', given).route, 'b')
})
