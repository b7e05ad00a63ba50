// Which rule a request meets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Asked } from '../../../../src/forward/rules/asked.ts'
import { Rules } from '../../../../src/forward/rules/rules.ts'
import { hostKey } from '../../../../src/wire/http/host.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { configOf } from '../../../support/rules-fixture.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const rulesIn = (text: string): Rules =>
  new Rules(
    configOf(`routes:\n${text}`).routes.map(
      ({ registers: _, auth: _auth, errors: _errors, ...rule }) => rule,
    ),
  )

interface Given {
  readonly host?: string
  readonly path?: string
  readonly method?: string
  readonly fields?: readonly string[]
  readonly query?: string
  readonly client?: string
  readonly isSecure?: boolean
}

function numberOf(rules: Rules, given: Given): number | undefined {
  const { host = 'a.test', path = '/', method = 'GET', fields = [], query = '' } = given
  const head = new RequestHead()
  const lines = [`${method} ${path}${query} HTTP/1.1`, `Host: ${host}`, ...fields, '', '']
  const bytes = Buffer.from(lines.join('\r\n'))
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  const { client = '192.0.2.1', isSecure = false } = given
  const origin = { clientOf: () => client, isSecure: () => isSecure }
  return rules.find(path, hostKey(host), new Asked(head, origin))?.number
}

const cases: readonly (readonly [
  rule: string,
  meets: readonly Given[],
  fails: readonly Given[],
])[] = [
  ['host: a.test', [{}, { host: 'A.TEST:8000' }, { host: 'a.test.' }], [{ host: 'b.a.test' }]],
  ['host: "*.a.test"', [{ host: 'b.a.test' }, { host: 'c.b.a.test' }], [{}, { host: 'ba.test' }]],
  [
    'path: /api',
    [{ path: '/api' }, { path: '/api/' }, { path: '/api/x' }],
    [{ path: '/apis' }, {}],
  ],
  ['path: /api, exact: true', [{ path: '/api' }], [{ path: '/api/' }, { path: '/api/x' }]],
  ['path: /, exact: true', [{}], [{ path: '/x' }]],
  ['method: GET', [{}, { method: 'HEAD' }], [{ method: 'POST' }]],
  ['scheme: https', [{ isSecure: true }], [{}]],
  [
    'header: { X-Beta: "1" }',
    [{ fields: ['x-beta: 1'] }, { fields: ['X-Beta: 2', 'X-Beta: 1'] }],
    [{}, { fields: ['X-Beta: 11'] }, { fields: ['X_Beta: 1'] }],
  ],
  ['header: { X-Beta: true }', [{ fields: ['X-Beta: any'] }], [{}]],
  ['header: { X-Beta: false }', [{}], [{ fields: ['X-Beta: any'] }]],
  [
    'header: { User-Agent: "*bot*" }'.replace('*bot*', 'bot*'),
    [{ fields: ['User-Agent: bot/1'] }],
    [{ fields: ['User-Agent: a bot'] }],
  ],
  [
    'query: { v: "a b" }',
    [{ query: '?v=a+b' }, { query: '?x=1&v=a%20b' }],
    [{}, { query: '?v=ab' }, { query: '?v' }],
  ],
  ['query: { v: false }', [{}, { query: '?w=1' }], [{ query: '?v=' }]],
  ['client: 10.0.0.0/8', [{ client: '10.1.2.3' }], [{ client: '11.1.2.3' }, { client: '::1' }]],
  [
    'host: a.test, path: /api, method: POST',
    [{ path: '/api', method: 'POST' }],
    [{ path: '/api' }, { host: 'b.test', path: '/api', method: 'POST' }],
  ],
]

for (const [match, meets, fails] of cases) {
  test(`a rule for ${match}`, () => {
    const rules = rulesIn(`  - match: { ${match} }\n    answer: 200`)
    for (const given of meets) assert.equal(numberOf(rules, given), 1, JSON.stringify(given))
    for (const given of fails)
      assert.equal(numberOf(rules, given), undefined, JSON.stringify(given))
  })
}

test('a request is read once for all rules', () => {
  const rules = rulesIn(
    Array.from(
      { length: 100 },
      (_, i) => `  - match: { client: 10.0.0.${i}, scheme: https }\n    answer: 200`,
    ).join('\n'),
  )
  const head = new RequestHead()
  const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  const readings: string[] = []
  const clientOf = (): string => {
    readings.push('client')
    return '10.0.0.99'
  }
  const isSecure = (): boolean => {
    readings.push('scheme')
    return true
  }
  const found = rules.find('/', 'a', new Asked(head, { clientOf, isSecure }))
  assert.equal(found?.number, 100)
  assert.deepEqual(readings.toSorted(), ['client', 'scheme'])
})

test('the first rule in the list applies, however exact a later one is', () => {
  const rules = rulesIn(`
  - { match: { host: "*.test", path: /a/b }, answer: 201 }
  - { match: { host: x.test }, answer: 202 }
  - { match: { path: /a }, answer: 203 }
  - { match: { host: x.test, path: /a/b/c }, answer: 204 }
`)
  assert.equal(numberOf(rules, { host: 'x.test', path: '/a/b/c' }), 1)
  assert.equal(numberOf(rules, { host: 'x.test', path: '/a' }), 2)
  assert.equal(numberOf(rules, { host: 'y.org', path: '/a/b' }), 3)
  assert.equal(numberOf(rules, { host: 'y.org', path: '/b' }), undefined)
})

test('the index finds what a look at each rule in turn finds', () => {
  const random = seededRandom(7)
  const one = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() * items.length)] as Item
  const hosts = ['a.test', 'b.a.test', '*.a.test', '*.test', undefined]
  const paths = ['/', '/a', '/a/b', '/a/b/c', '/ab', undefined]
  for (let round = 0; round < 30; round++) {
    const texts = Array.from({ length: 12 }, () => {
      const [host, path] = [one(hosts), one(paths)]
      const parts = [`method: ${one(['GET', 'POST'])}`]
      if (host !== undefined) parts.push(`host: "${host}"`)
      if (path !== undefined) parts.push(`path: ${path}`)
      return `  - { match: { ${parts.join(', ')} }, answer: 200 }`
    })
    const rules = rulesIn(texts.join('\n'))
    const alone = texts.map((text) => rulesIn(text))
    for (let i = 0; i < 30; i++) {
      const given = {
        host: one(['a.test', 'b.a.test', 'c.b.a.test', 'x.test', 'other']),
        path: one(['/', '/a', '/a/', '/a/b', '/a/bc', '/a/b/c/d', '/ab', '/x']),
        method: one(['GET', 'POST']),
      }
      const first = alone.findIndex((rule) => numberOf(rule, given) === 1)
      assert.equal(
        numberOf(rules, given) ?? 0,
        first + 1,
        `${texts.join('\n')} ${JSON.stringify(given)}`,
      )
    }
  }
})
