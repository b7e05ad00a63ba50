import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turnBack } from '../../../../src/forward/stages/turn-back.ts'
import { ForwardedFields, viaLines } from '../../../../src/wire/forwarded.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { requestText } from '../../../support/exchange-fixture.ts'

const settings = { via: 'ours', underscores: 'drop', strictTarget: false } as const

const forwardedOf = (scheme: 'http' | 'https', trusted: boolean): ForwardedFields =>
  new ForwardedFields({ address: '10.0.0.1', scheme, via: viaLines('ours'), trusted })
const client = { forwarded: forwardedOf('http', false) }

function statusOf(line: string, ...fields: readonly string[]): number | undefined {
  const head = new RequestHead()
  const bytes = Buffer.from(requestText(line, ...fields))
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  return turnBack(head, settings, client)?.status
}

test('an ordinary request is forwarded', () => {
  assert.equal(statusOf('GET / HTTP/1.1'), undefined)
  assert.equal(statusOf('PROPFIND / HTTP/1.1'), undefined)
})

test('only the exact path of an awaited challenge is answered with its key authorization', () => {
  const answer = (target: string): string | undefined => {
    const head = new RequestHead()
    const bytes = Buffer.from(requestText(`GET ${target} HTTP/1.1`))
    assert.ok(head.parse(bytes, 0, bytes.length) > 0)
    return turnBack(head, { ...settings, challenges: { 'tok-en_1': 'tok-en_1.key' } }, client)?.body
  }
  assert.equal(answer('/.well-known/acme-challenge/tok-en_1'), 'tok-en_1.key')
  for (const target of [
    'other',
    'tok-en_1/',
    'tok-en_1?a',
    'TOK-EN_1',
    '',
    'toString',
    '__proto__',
  ])
    assert.equal(answer(`/.well-known/acme-challenge/${target}`), undefined, target)
})

test('an MCMP message on the traffic listener is refused with 501', () => {
  for (const method of ['CONFIG', 'ENABLE-APP', 'STATUS']) {
    assert.equal(statusOf(`${method} / HTTP/1.1`), 501, method)
  }
})

test('OPTIONS with Max-Forwards 0 is answered here, with more it is forwarded', () => {
  assert.equal(statusOf('OPTIONS / HTTP/1.1', 'Max-Forwards: 0'), 200)
  assert.equal(statusOf('OPTIONS / HTTP/1.1', 'Max-Forwards: 1'), undefined)
  assert.equal(statusOf('GET / HTTP/1.1', 'Max-Forwards: 0'), undefined)
})

test('a request whose Via names this proxy is a loop, another proxy is not', () => {
  assert.equal(statusOf('GET / HTTP/1.1', 'Via: 1.1 other', 'Via: 1.0 a, 1.1 ours (x)'), 508)
  assert.equal(statusOf('GET / HTTP/1.1', 'Via: 1.1 ours-2, 1.1 not-ours'), undefined)
})

test('a name that servers fold into a field of ours is refused only where that is configured', () => {
  const head = new RequestHead()
  const bytes = Buffer.from(requestText('GET / HTTP/1.1', 'X_Forwarded_For: 1.2.3.4'))
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  assert.equal(turnBack(head, { ...settings, underscores: 'reject' }, client)?.code, 'FIELD_FOLDED')
  assert.equal(turnBack(head, settings, client), undefined)
})

test('a target with raw characters is refused only with strictTarget', () => {
  const head = new RequestHead()
  const bytes = Buffer.from(requestText('GET /a|b HTTP/1.1'))
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  assert.equal(turnBack(head, settings, client), undefined)
  assert.equal(turnBack(head, { ...settings, strictTarget: true }, client)?.code, 'HTTP_TARGET')
})

test('a request without TLS is redirected to the same host and path, but not a challenge', () => {
  const redirected = (
    line: string,
    fields: readonly string[] = [],
    { port = 443, scheme = 'http' as 'http' | 'https', trusted = false } = {},
  ): string | undefined => {
    const head = new RequestHead()
    const bytes = Buffer.from([line, ...fields, '', ''].join('\r\n'), 'latin1')
    assert.ok(head.parse(bytes, 0, bytes.length) > 0, line)
    const challenges = { token: 'token.key' }
    const refusal = turnBack(
      head,
      { ...settings, challenges },
      { forwarded: forwardedOf(scheme, trusted), httpsRedirect: { status: 308, port } },
    )
    return refusal?.location ?? refusal?.code
  }
  const host = ['Host: Shop.example:8000']
  assert.equal(redirected('GET /a?b=c HTTP/1.1', host), 'https://shop.example/a?b=c')
  assert.equal(redirected('POST / HTTP/1.1', host, { port: 8443 }), 'https://shop.example:8443/')
  assert.equal(redirected('GET http://o.example?x HTTP/1.1', host), 'https://o.example/?x')
  assert.equal(redirected('GET / HTTP/1.1', ['Host: [::1]:80']), 'https://[::1]/')
  assert.equal(redirected('OPTIONS * HTTP/1.1', host), 'https://shop.example/')
  assert.equal(redirected('GET /a"<|> HTTP/1.1', host), 'https://shop.example/a%22%3C%7C%3E')
  assert.equal(redirected('GET / HTTP/1.0'), 'HTTPS_REQUIRED')
  const challenge = 'GET /.well-known/acme-challenge/token HTTP/1.1'
  assert.equal(redirected(challenge, host), 'ACME_CHALLENGE')
  assert.equal(redirected('GET / HTTP/1.1', host, { scheme: 'https' }), undefined)
  const claim = [...host, 'X-Forwarded-Proto: https']
  assert.equal(redirected('GET / HTTP/1.1', claim), 'https://shop.example/')
  assert.equal(redirected('GET / HTTP/1.1', claim, { trusted: true }), undefined)
  assert.equal(redirected('GET / HTTP/1.1', host, { trusted: true }), 'https://shop.example/')
})
