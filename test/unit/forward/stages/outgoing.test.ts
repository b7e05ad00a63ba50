import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outgoing, outgoingAgain } from '../../../../src/forward/stages/outgoing.ts'
import {
  type ExchangeGiven,
  exchangeOf,
  prepared,
  requestText,
  routed,
} from '../../../support/exchange-fixture.ts'

const textOf = (fixture: ReturnType<typeof exchangeOf>): string =>
  fixture.state.attempts.out?.content.toString('latin1') ?? ''

test('head and first piece of the body leave together; what follows the body does not', () => {
  const head = requestText('POST /a HTTP/1.1', 'Content-Length: 3', 'X-Kept: 1', 'Keep-Alive: 5')
  const request = `${head}abcGET / HTTP/1.1`
  const fixture = exchangeOf(request)
  prepared(fixture, request)
  const text = textOf(fixture)
  assert.match(text, /^POST \/a HTTP\/1\.1\r\n/)
  assert.match(text, /\r\nX-Kept: 1\r\n/)
  assert.match(text, /\r\nVia: 1\.1 under-test\r\n/)
  assert.doesNotMatch(text, /Keep-Alive/i)
  assert.ok(text.endsWith('\r\n\r\nabc'), text)
  assert.equal(fixture.state.request.end, head.length + 3)
  assert.equal(fixture.state.request.body.done, true)
})

test('a malformed chunk in the first piece is a problem', () => {
  const request = `${requestText('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}zz\r\n`
  const fixture = exchangeOf(request)
  const [candidate] = routed(fixture)
  const bytes = Buffer.from(request)
  assert.ok(outgoing(fixture.state, candidate, bytes, bytes.length) < 0)
})

test('Upgrade is forwarded only with a request that may become a tunnel', () => {
  for (const [offered, forwarded] of [
    ['chat', 'chat'],
    ['h2c,chat', 'chat'],
    ['h2c', undefined],
  ] as const) {
    const fields = ['Connection: Upgrade', `Upgrade: ${offered}`]
    const request = requestText('POST / HTTP/1.1', ...fields)
    const fixture = exchangeOf(request)
    prepared(fixture, request)
    assert.equal(/\r\nUpgrade: (.*)\r\n/.exec(textOf(fixture))?.[1], forwarded)
  }
})

// StickySessionRemove (mcmp.md 3.3)

const removing: ExchangeGiven = {
  nodes: [
    { route: 'a', domain: 'east' },
    { route: 'b', domain: 'east' },
    { route: 'c', domain: 'west' },
  ],
  balancer: { stickyRemove: true },
}
const session = requestText('GET /p;jsessionid=x.a?q HTTP/1.1', 'Cookie: k=v; JSESSIONID=x.a')

/** The request as it is written for the node with this route first. */
function written(route: string, given: ExchangeGiven) {
  const fixture = exchangeOf(session, given)
  const candidates = routed(fixture)
  const to = (name: string) => candidates.find(({ node }) => node.route === name)
  outgoing(fixture.state, to(route), Buffer.from(session), session.length)
  return { fixture, to }
}

test('the session id is removed for a node outside its domain only', () => {
  for (const [route, isKept] of [
    ['a', true],
    ['b', true],
    ['c', false],
  ] as const) {
    const text = textOf(written(route, removing).fixture)
    assert.equal(text.includes('JSESSIONID=x.a'), isKept, route)
    assert.equal(text.startsWith('GET /p;jsessionid=x.a?q '), isKept, route)
    assert.match(text, /\r\nCookie: k=v/)
  }
})

test('without StickySessionRemove it is never removed', () => {
  const { nodes = [] } = removing
  assert.match(textOf(written('c', { nodes }).fixture), /JSESSIONID=x\.a/)
})

test('a later attempt outside the domain leaves without the session id, in another buffer', () => {
  const { fixture, to } = written('a', removing)
  const { attempts } = fixture.state
  const first = attempts.out
  outgoingAgain(fixture.state, to('b')!)
  assert.equal(attempts.out, first)
  const before = textOf(fixture)
  outgoingAgain(fixture.state, to('c')!)
  assert.notEqual(attempts.out, first)
  const text = textOf(fixture)
  assert.equal(text, before.replace(';jsessionid=x.a', '').replace('; JSESSIONID=x.a', ''))
})
