import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyOf, proxyKey, proxyOf, subjectOf } from '../../../../src/cluster/shared/keys.ts'

test('every name makes a key that NATS accepts, and comes back from it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 }),
      fc.constantFrom('node', 'balancer', 'orders'),
      (name, kind) => {
        const key = keyOf({ kind, name })
        assert.match(key, /^[nbo]\.[A-Za-z0-9=_-]+$/)
        const read = subjectOf(key)
        assert.equal(read?.kind, kind)
        assert.equal(keyOf(read ?? { kind, name: '' }), key)
      },
    ),
  )
})

test('names with dots, spaces and wildcards are written byte by byte', () => {
  assert.equal(keyOf({ kind: 'node', name: 'shop.a *>:' }), 'n.shop=2Ea=20=2A=3E=3A')
  assert.equal(keyOf({ kind: 'node', name: 'né' }), 'n.n=C3=A9')
})

test('keys of other kinds and of another spelling have no subject', () => {
  for (const key of ['m', 'x.a', 'n.', 'n.a.b', 'n.=2', 'n.=2e', 'n.=41', 'p.front', ''])
    assert.equal(subjectOf(key), undefined, key)
  assert.equal(proxyOf(proxyKey('front-1.test')), 'front-1.test')
  assert.equal(proxyOf('n.a'), undefined)
})
