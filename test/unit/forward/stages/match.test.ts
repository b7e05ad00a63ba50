import assert from 'node:assert/strict'
import { test } from 'node:test'
import { match } from '../../../../src/forward/stages/match.ts'
import { contextOf } from '../../../support/cluster-fixture.ts'
import { type ExchangeGiven, exchangeOf, requestText } from '../../../support/exchange-fixture.ts'

const twoContexts: ExchangeGiven = {
  nodes: [{ contexts: [contextOf('/'), contextOf('/shop')] }],
}

function matched(target: string, given: ExchangeGiven = twoContexts, method = 'GET') {
  const { state } = exchangeOf(requestText(`${method} ${target} HTTP/1.1`), given)
  const refusal = match(state.request, state.traffic)
  return refusal?.code ?? state.request.applications.map(({ path }) => path).join()
}

test('the longest context that contains the path is matched', () => {
  assert.equal(matched('/shop/cart?x=/admin'), '/shop')
  assert.equal(matched('/shopping'), '')
  assert.equal(matched('/sh%C3%B6p'), '')
})

test('a path without a context is refused with the configured status', () => {
  const given = { nodes: [{ contexts: [contextOf('/shop')] }], noContextStatus: 503 }
  assert.equal(matched('/', given), 'NO_CONTEXT')
  const { state } = exchangeOf(requestText('GET / HTTP/1.1'), given)
  assert.equal(match(state.request, state.traffic)?.status, 503)
})

test('OPTIONS * is for the nodes that serve the root', () => {
  assert.equal(matched('*', twoContexts, 'OPTIONS'), '')
})

test('a path in another spelling is matched by the reading that servers agree on', () => {
  const { state } = exchangeOf(requestText('GET /shop/./x HTTP/1.1'), twoContexts)
  assert.equal(match(state.request, state.traffic), undefined)
  assert.equal(state.request.path, '/shop/x')
})

test('a path that servers read as different contexts is refused', () => {
  assert.equal(matched('/shop/..;/admin'), 'PATH_AMBIGUOUS')
})

test('aliases count only with useAlias, without the port and in any case', () => {
  const nodes = [{ contexts: [contextOf('/', 'ENABLED', 'WWW.example.com')] }]
  const others = [{ contexts: [contextOf('/', 'ENABLED', 'other.example.com')] }]
  assert.equal(matched('/', { nodes, useAlias: true }), '')
  assert.equal(matched('/', { nodes: others, useAlias: true }), 'NO_CONTEXT')
  assert.equal(matched('/', { nodes: others }), '')
})

test('the request keeps the routes that it was matched with', () => {
  const { state } = exchangeOf()
  const { routes } = exchangeOf().state.traffic
  state.traffic.routes = routes
  match(state.request, state.traffic)
  state.traffic.routes = exchangeOf().state.traffic.routes
  assert.equal(state.request.routes, routes)
})
