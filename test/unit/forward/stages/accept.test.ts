import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accept } from '../../../../src/forward/stages/accept.ts'
import { exchangeOf, requestText } from '../../../support/exchange-fixture.ts'

test('each request is counted and recorded in the retry budget', () => {
  const { state } = exchangeOf()
  const { retryBudget, counters, ticker } = state.traffic
  while (retryBudget.spend(ticker.now)) {}
  for (let requests = counters.requests; requests < 6; requests++) accept(state, 0)
  assert.equal(counters.requests, 6)
  // A share of 0.2: five more requests allow one more retry.
  assert.equal(retryBudget.spend(ticker.now), true)
  assert.equal(retryBudget.spend(ticker.now), false)
})

test('nothing of the exchange before is left', () => {
  const { state } = exchangeOf()
  const { choice, attempts, response } = state
  const fresh = structuredClone({ ...attempts })
  Object.assign(choice, {
    hasSession: true,
    sessionId: 'x.n1',
    route: 'n1',
    domain: 'd',
    tried: [1],
    chooser: () => undefined,
    location: { parts: [], hasScheme: false, hasPort: false },
  })
  Object.assign(attempts, {
    count: 3,
    failures: 2,
    freshOnly: true,
    replayable: false,
    waitUntil: 9,
  })
  Object.assign(response, {
    interims: 2,
    started: true,
    closes: true,
    status: 500,
    bytesOut: 7,
    isBlocked: true,
  })
  accept(state, 40)
  const { hasSession, sessionId, route, domain, tried, chooser, redirection } = choice
  assert.deepEqual(
    { hasSession, sessionId, route, domain, tried, chooser, redirection },
    {
      hasSession: false,
      sessionId: '',
      route: undefined,
      domain: '',
      tried: [],
      chooser: undefined,
      redirection: undefined,
    },
  )
  assert.deepEqual({ ...attempts }, fresh)
  const { interims, started, closes, status, bytesOut, isBlocked } = response
  assert.deepEqual(
    { interims, started, closes, status, bytesOut, isBlocked },
    { interims: 0, started: false, closes: false, status: 0, bytesOut: 0, isBlocked: false },
  )
  assert.equal(state.request.end, 40)
})

test('the body is framed by its length, by chunks, or is empty', () => {
  const framings = [
    [[], 'none', true],
    [['Content-Length: 5'], 'length', false],
    [['Transfer-Encoding: chunked'], 'chunked', false],
  ] as const
  for (const [fields, framing, done] of framings) {
    const { state } = exchangeOf(requestText('POST / HTTP/1.1', ...fields))
    assert.deepEqual([state.request.body.framing, state.request.body.done], [framing, done])
  }
})

test('request line and time of arrival are kept for the access log, and only for it', () => {
  const text = requestText('GET /a?b=%20 HTTP/1.1')
  assert.equal(exchangeOf(text).state.request.line, undefined)
  const { state, clock } = exchangeOf(text, { accessLog: () => {} })
  assert.deepEqual(state.request.line, {
    method: 'GET',
    target: '/a?b=%20',
    host: 'www.example.com',
    protocol: 'HTTP/1.1',
    tls: '',
    userAgent: '',
    client: '192.0.2.1',
    fields: [],
    names: [],
  })
  clock.advance(25)
  accept(state, 0)
  assert.equal(state.request.startedAt, 25)
})
