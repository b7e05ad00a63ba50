import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateConfig } from '../../../src/config/schema.ts'
import { challengesOf, isAllowedName } from '../../../src/config/schema-acme.ts'

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
  assert.deepEqual(problemsWith(good, ['https://127.0.0.1:1']), [])
  const http = { ...good, challenge: 'http-01' }
  assert.match(String(problemsWith(http, ['https://127.0.0.1:1'])), /^acme\.challenge: needs an ad/)
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

test('names of allow are exact, of one label, or all below; without names the same is needed', () => {
  const allow = ['www.example', '*.apps.example', '.deep.example']
  for (const name of ['www.example', 'a.apps.example', 'a.deep.example', 'a.b.deep.example'])
    assert.equal(isAllowedName(name, allow), true, name)
  for (const name of [
    'example',
    'a.www.example',
    'apps.example',
    'a.b.apps.example',
    'deep.example',
  ])
    assert.equal(isAllowedName(name, allow), false, name)
  assert.equal(isAllowedName('xdeep.example', allow), false)
  const { names: _, ...rest } = good
  assert.deepEqual(problemsWith({ ...rest, allow }), [])
  assert.match(String(problemsWith({ allow })), /acme\.agreeTos: must be true/)
  for (const name of ['*', '*.*.example', 'a.*.example', '10.0.0.1', 'localhost'])
    assert.match(String(problemsWith({ ...rest, allow: [name] })), /not a DNS name/, name)
})

test('auto prefers HTTP-01 where an address has no TLS', () => {
  const [plain, secure] = [{}, { tls: true }]
  assert.deepEqual(challengesOf({ challenge: 'auto' }, [secure, plain]), ['http-01', 'tls-alpn-01'])
  assert.deepEqual(challengesOf({ challenge: 'auto' }, [secure]), ['tls-alpn-01'])
  assert.deepEqual(challengesOf({ challenge: 'http-01' }, [plain]), ['http-01'])
})
