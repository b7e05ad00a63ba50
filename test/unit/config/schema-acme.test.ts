import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateConfig } from '../../../src/config/schema.ts'

const listen = ['127.0.0.1:80', 'https://127.0.0.1:443']
const good = { names: 'shop.example', agreeTos: true, storage: '/tmp/acme' }

/** The problems as `path: message`. */
function problemsWith(acme: object, addresses: readonly string[] = listen): readonly string[] {
  const result = validateConfig({ listen: addresses, acme })
  return result.ok ? [] : result.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('an authority is a known name or the URL of its directory', () => {
  const result = validateConfig({ listen, acme: { ...good, directory: 'letsencrypt-staging' } })
  assert.ok(result.ok)
  assert.equal(
    result.config.acme.directory,
    'https://acme-staging-v02.api.letsencrypt.org/directory',
  )
  assert.deepEqual(problemsWith({ ...good, directory: 'https://ca.example:14000/dir' }), [])
  for (const directory of ['nobody', 'http://ca.example/dir'])
    assert.match(String(problemsWith({ ...good, directory })), /^acme\.directory: neither an https/)
})

test('names are DNS names with a dot, in lower case', () => {
  const result = validateConfig({ listen, acme: { ...good, names: ['Shop.Example'] } })
  assert.ok(result.ok)
  assert.deepEqual(result.config.acme.names, ['shop.example'])
  assert.match(String(problemsWith({ ...good, names: ['*.a.example'] })), /DNS-01.*not supported/)
  for (const name of ['shop', '10.0.0.1', 'a..example', '../a.example', 'a.example:443'])
    assert.match(String(problemsWith({ ...good, names: [name] })), /not a DNS name/)
})

test('ACME needs consent, a storage, an address with TLS and one without', () => {
  const { storage: _, ...unstored } = good
  assert.match(String(problemsWith({ ...good, agreeTos: false })), /^acme\.agreeTos: must be true/)
  assert.match(String(problemsWith(unstored)), /^acme\.storage: is missing/)
  assert.match(String(problemsWith(good, ['127.0.0.1:80'])), /^acme\.names: are not used/)
  assert.match(String(problemsWith(good, ['https://127.0.0.1:1'])), /^acme\.names: cannot be vali/)
  assert.match(
    String(problemsWith({ ...good, eab: { kid: 'a' } })),
    /^acme\.eab\.hmacFile: is miss/,
  )
  assert.match(
    String(problemsWith({ ...good, eab: { hmacFile: 'a' } })),
    /^acme\.eab\.kid: is miss/,
  )
})

test('without names nothing else is needed', () => {
  assert.deepEqual(problemsWith({ agreeTos: false }), [])
})
