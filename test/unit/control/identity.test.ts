import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessToken, Identities } from '../../../src/control/identity.ts'

const tokens: readonly AccessToken[] = [
  { name: 'grafana', role: 'reader', token: 'reader-token-1' },
  { name: 'ci', role: 'operator', token: 'operator-token-1' },
  { name: 'alice', role: 'operator', certificate: 'alice@example.test' },
]
const far = { remote: '10.0.0.7', acceptsMessages: true }
const near = { remote: '::1', acceptsMessages: true }
const unix = { remote: 'unix', acceptsMessages: true }
const bearer = (token: string): string => `Bearer ${token}`
const basic = (password: string): string =>
  `Basic ${Buffer.from(`x:${password}`).toString('base64')}`

test('without secret and tokens, this machine operates and others read', () => {
  const open = new Identities('', [])
  assert.equal(open.identify('', near)?.actor.role, 'operator')
  assert.equal(open.identify('', unix)?.actor.role, 'operator')
  assert.equal(open.identify('', far)?.actor.role, 'reader')
  assert.equal(open.identify(bearer('whatever-it-is'), far)?.actor.role, 'reader')
})

test('a token has its name and role, as Bearer and as a password, and others need one even to read', () => {
  const known = new Identities('', tokens)
  for (const write of [bearer, basic]) {
    assert.deepEqual(known.identify(write('reader-token-1'), far)?.actor, {
      role: 'reader',
      name: 'grafana',
      from: '10.0.0.7',
    })
    assert.equal(known.identify(write('operator-token-1'), far)?.actor.role, 'operator')
  }
  assert.equal(known.identify('', far), undefined)
  assert.equal(known.identify('', near)?.actor.role, 'operator')
  // A wrong one is told, also to this machine.
  assert.equal(known.identify(bearer('operator-token-2'), near), undefined)
  // A token is what it is, on this machine too.
  assert.equal(known.identify(bearer('reader-token-1'), near)?.actor.role, 'reader')
})

test('with a secret everybody needs it, or a token', () => {
  const known = new Identities('the-secret-itself', tokens)
  assert.equal(known.identify('', near), undefined)
  assert.deepEqual(known.identify(bearer('the-secret-itself'), far)?.actor, {
    role: 'operator',
    from: '10.0.0.7',
  })
  assert.equal(known.identify(bearer('reader-token-1'), far)?.actor.role, 'reader')
})

test('a certificate that an entry names needs no token', () => {
  const known = new Identities('the-secret-itself', tokens)
  const alice = { ...far, certificateNames: ['Alice', 'alice@example.test'] }
  assert.deepEqual(known.identify('', alice), {
    actor: { role: 'operator', name: 'alice', from: '10.0.0.7' },
    isByCredentials: false,
  })
  assert.equal(known.identify('', { ...far, certificateNames: ['bob'] }), undefined)
})
