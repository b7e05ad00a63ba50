// The rules of `routes`: what is accepted, and what is refused with what would be right.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configOf, problemsOf } from '../../support/rules-fixture.ts'

const refused: readonly (readonly [text: string, problem: RegExp])[] = [
  ['routes: [{ match: api }]', /^f:1:19 routes\[0\]\.match.*"api" is not a path without escapes/],
  ['routes: [{ match: { path: /a%20b } }]', /is not a path without escapes/],
  [
    'routes: [{ match: { path: /api/* } }]',
    /is not a path without escapes; write for example \/api/,
  ],
  ['routes: [{ match: { path: /a//b } }]', /neither empty segments nor dot segments/],
  ['routes: [{ match: { path: /a/../b } }]', /neither empty segments nor dot segments/],
  ['routes: [{ path: /api }]', /routes\[0\]\.path: unknown key; it belongs in `match`/],
  ['routes: [{ headers: { A: b } }]', /it belongs in `answer`/],
  ['routes: [{ mach: /api }]', /^f:1:12 routes\[0\]\.mach: unknown key; did you mean match\?/],
  [
    'routes: [{ match: { pth: /api } }]',
    /routes\[0\]\.match\.pth: unknown key; did you mean path\?/,
  ],
  ['routes: [{ redirect: { path: /a, hosts: b } }]', /unknown key; did you mean host\?/],
  ['routes: [{ match: { exact: true } }]', /needs `path`/],
  ['routes: [{ match: { header: { Host: x } } }]', /write match\.host/],
  ['routes: [{ match: { header: { X: "a*b*c" } } }]', /more than one \*/],
  ['routes: [{ match: { client: 10.0.0.0/33 } }]', /is not an address or a network/],
  ['routes: [{ match: { method: CONNECT } }]', /a method that the proxy refuses/],
  ['routes: [{ redirect: {} }]', /leads back to where it is/],
  ['routes: [{ redirect: { host: a.test, status: 200 } }]', /none of 301, 302, 303, 307, 308/],
  ['routes: [{ redirect: https, answer: 404 }]', /a rule has redirect or answer/],
  ['routes: [{ answer: { status: 204, body: x } }]', /a response of this status has no body/],
  [
    'routes: [{ answer: { headers: { Content-Length: 1 } } }]',
    /not for rules: the proxy writes it/,
  ],
  ['routes: [{ answer: { headers: { X: "a\\r\\nSet-Cookie: b" } } }]', /one line of visible ASCII/],
  ['routes: [{ answer: 404 }, { answer: 403 }]', /no request reaches this rule: rule 1 is for all/],
  ['routes: [{ registers: true }]', /needs `balancer`/],
  ['routes: [{ requestHeaders: { set: { Host: a } } }]', /is not for rules: write setHost/],
  ['routes: [{ responseHeaders: { remove: [Connection] } }]', /is not for rules/],
  ['routes: [{ responseHeaders: { sets: { A: b } } }]', /unknown key; did you mean set\?/],
  [
    'routes: [{ requestHeaders: { set: { A: "{hst}" } } }]',
    /\{hst\} is no variable of requestHeaders; did you mean host\?/,
  ],
  ['routes: [{ requestHeaders: { set: { A: "{route}" } } }]', /is no variable of requestHeaders/],
  ['routes: [{ stripPrefix: true }]', /needs `match\.path`/],
  ['routes: [{ match: [/a, /b], stripPrefix: /a }]', /not a prefix of every path of the rule/],
  ['routes: [{ compress: yes }]', /is not true or a map of types, encodings and minSize/],
  ['routes: [{ compress: { encodings: zstd } }]', /"zstd" is neither br nor gzip/],
  ['routes: [{ compress: { types: "text/*, a/*b*" } }]', /is not a media type/],
  ['routes: [{ compress: { level: 9 } }]', /unknown key/],
  ['routes: [{ answer: 404, compress: true }]', /is for requests that go to a node/],
  ['routes: [{ answer: 404, setHost: a }]', /is for requests that go to a node/],
  [
    'to: [{ address: "127.0.0.1:1", balancer: shop }]\nroutes: [{ balancer: shp }]',
    /^f:2:22 routes\[0\]\.balancer: no entry of `to` has the balancer shp; did you mean shop\?/,
  ],
]

for (const [text, problem] of refused) {
  test(`${text.replaceAll('\n', ' ')} is refused`, () => {
    const [first = ''] = problemsOf(text)
    assert.match(first, problem)
  })
}

test('a balancer whose nodes register need not be known', () => {
  const to = 'to: [{ address: "127.0.0.1:1", balancer: shop }]\n'
  assert.deepEqual(problemsOf('routes: [{ balancer: any }]'), [])
  assert.deepEqual(problemsOf(`${to}routes: [{ balancer: any, registers: true }]`), [])
})

test('short forms are written out', () => {
  const { routes } = configOf(
    'routes: [{ match: "/a, /b", answer: 404 }, { match: { method: get }, redirect: https }]',
  )
  assert.deepEqual(routes[0]?.match.paths, ['/a', '/b'])
  assert.equal(routes[0]?.answer?.status, 404)
  assert.deepEqual(routes[1]?.match.methods, ['GET', 'HEAD'])
  const [whole, some] = configOf(
    'routes: [{ match: /a, compress: true }, { compress: { types: TEXT/css, minSize: 2k } }]',
  ).routes
  assert.deepEqual([whole?.compress?.codings, whole?.compress?.minBytes], [['br', 'gzip'], 1_024])
  assert.ok(whole?.compress?.types.includes('text/*'))
  assert.deepEqual([some?.compress?.types, some?.compress?.minBytes], [['text/css'], 2_048])
  // Requests over HTTPS are where they should be.
  assert.equal(routes[1]?.match.scheme, 'http')
})
