// Sticky sessions at the proxy in the configuration.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { cascadeRules } from '../../../src/config/traffic-settings.ts'
import { defaultInsert, type StickyEntry } from '../../../src/proxy/index.ts'

function entriesOf(text: string, environment: Record<string, string> = {}): readonly StickyEntry[] {
  const result = readConfig({ file: { name: 'x.yaml', text }, environment, flags: [] })
  assert.ok(result.ok, JSON.stringify(result))
  return cascadeRules(result.config).sticky
}

function problemsOf(text: string): readonly string[] {
  const result = readConfig({ file: { name: 'x.yaml', text }, environment: {}, flags: [] })
  assert.ok(!result.ok, text)
  return result.problems.map(({ path, message }) => `${path}: ${message}`)
}

test('by default the cookie is added where applications need it', () => {
  assert.deepEqual(entriesOf('log: { level: info }'), [{ insert: defaultInsert }])
})

test('insert is a word or a map, in the file and in the environment', () => {
  const when = (text: string, environment = {}): string | undefined =>
    entriesOf(text, environment)[0]?.insert.when
  assert.equal(when('sticky: { insert: off }'), 'off')
  assert.equal(when('sticky: { insert: false }'), 'off')
  assert.equal(when('sticky: { insert: Always }'), 'always')
  assert.equal(when('sticky: { insert: { when: off } }'), 'off')
  assert.equal(when('workers: 0', { TOPSPIN_STICKY_INSERT: 'off' }), 'off')
  const secret = { TOPSPIN_STICKY_INSERT_SECRET: 'of the environment'.replaceAll(' ', '-') }
  const [entry] = entriesOf('sticky: { insert: { name: SID2 } }', secret)
  assert.deepEqual([entry?.insert.name, entry?.insert.secret], ['SID2', ['of-the-environment']])
})

test('every key of the cookie reaches the proxy', () => {
  const [entry] = entriesOf(`
sticky:
  insert:
    name: NODE
    secret: [first-secret, second-secret]
    ttl: 8h
    sameSite: None
    secure: true
    domain: .Shop.test
    path: /
  header: X-Session
  query: session
`)
  assert.deepEqual(entry, {
    insert: {
      when: 'auto',
      name: 'NODE',
      secret: ['first-secret', 'second-secret'],
      ttl: 28_800_000,
      sameSite: 'none',
      secure: true,
      domain: 'shop.test',
      path: '/',
    },
    header: 'x-session',
    query: 'session',
  })
})

test('an entry of balance sets keys for a balancer or a path, and inherits the others', () => {
  const entries = entriesOf(`
sticky: { insert: { secret: of-all-of-them }, header: X-A }
balance:
  - { balancer: Shop, sticky: { insert: { ttl: 1h } } }
  - { path: /api, sticky: { insert: off, query: key } }
  - { path: /old, candidacy: byRandom }
`)
  const insert = { ...defaultInsert, secret: ['of-all-of-them'] }
  assert.deepEqual(
    entries.map((entry) => JSON.parse(JSON.stringify(entry))),
    [
      { insert, header: 'x-a' },
      { balancer: 'shop', insert: { ...insert, ttl: 3_600_000 }, header: 'x-a' },
      { path: '/api', insert: { ...insert, when: 'off' }, header: 'x-a', query: 'key' },
    ],
  )
})

test('what is wrong is refused with what would be right', () => {
  for (const [text, problem] of [
    ['sticky: { insert: maybe }', /sticky\.insert\.when: "maybe" is none of auto, always, off/],
    ['sticky: { insert: { naem: a } }', /sticky\.insert\.naem: unknown key; did you mean name\?/],
    [
      'sticky: { insert: { name: "a b" } }',
      /sticky\.insert\.name: "a b" is not the name of a cookie/,
    ],
    ['sticky: { insert: { name: JSESSIONID } }', /name: the session cookie of Java applications/],
    ['sticky: { insert: { name: __Host-a } }', /name: browsers refuse __Host-a unless path is \//],
    ['sticky: { insert: { secret: short } }', /secret.*: not a secret; 8 to 256/],
    [
      'sticky: { insert: { ttl: 10ms } }',
      /ttl: 10ms.*at least 1000 ms|ttl: "10ms" is not a duration/,
    ],
    [
      'sticky: { insert: { sameSite: none, secure: false } }',
      /secure: browsers refuse SameSite=None/,
    ],
    ['sticky: { insert: { path: shop } }', /path: "shop" is not a path; write context or/],
    ['sticky: { insert: { path: "/a;b" } }', /path: "\/a;b" is not a path/],
    ['sticky: { insert: { domain: "a b" } }', /domain: "a b" is not a domain/],
    ['sticky: { header: "X Y" }', /sticky\.header: "X Y" is not the name of a header field/],
    ['balance: [{ sticky: { insert: off } }]', /balance\[0\]\.path: is missing/],
    [
      'balance: [{ path: /a }]',
      /balance\[0\]\.candidacy: is missing; an entry has candidacy or sticky/,
    ],
    [
      'balance: [{ path: /a, balancer: b, sticky: { insert: off } }]',
      /balancer: an entry is for a path or for a balancer/,
    ],
    ['balance: [{ balancer: b, candidacy: byRandom }]', /candidacy: goes by path/],
    [
      'balance: [{ balancer: b, sticky: { insert: off } }, { balancer: B, sticky: {} }]',
      /b is listed twice/,
    ],
    [
      'balance: [{ path: /a, sticky: { insert: { sameSite: none, secure: false } } }]',
      /balance\[0\]\.sticky\.insert\.secure: browsers refuse/,
    ],
  ] as const) {
    assert.match(problemsOf(text).join('\n'), problem, text)
  }
})

test('the message about a secret does not contain it', () => {
  assert.doesNotMatch(problemsOf('sticky: { insert: { secret: pa55 } }').join(), /pa55/)
})
