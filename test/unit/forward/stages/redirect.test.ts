import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirect } from '../../../../src/forward/stages/redirect.ts'
import { exchangeOf, requestText, routed } from '../../../support/exchange-fixture.ts'

function redirected(line: string, format = '%A:%P') {
  const fixture = exchangeOf(requestText(line), {
    nodes: [{ host: '10.0.0.7', port: 8_081 }],
    candidacy: [`redirectToIp ${format}`],
  })
  const [candidate] = routed(fixture)
  const { redirection } = fixture.state.choice
  assert.ok(candidate !== undefined && redirection !== undefined)
  return { refusal: redirect(redirection, candidate), live: candidate.live }
}

test('GET and HEAD are redirected with 302, other methods with 307', () => {
  for (const [method, status] of [
    ['GET', 302],
    ['HEAD', 302],
    ['PUT', 307],
    ['DELETE', 307],
  ] as const) {
    assert.equal(redirected(`${method} / HTTP/1.1`).refusal?.status, status, method)
  }
})

test('the location is the node with path and query of the request', () => {
  const { refusal, live } = redirected('GET /a;b/c?d=%20 HTTP/1.1')
  assert.equal(refusal?.location, 'http://10.0.0.7:8081/a;b/c?d=%20')
  assert.equal(live.elected, 1)
})

test('a target that makes no location is forwarded, and not counted as a redirect', () => {
  const { refusal, live } = redirected('OPTIONS * HTTP/1.1')
  assert.equal(refusal, undefined)
  assert.equal(live.elected, 0)
})
