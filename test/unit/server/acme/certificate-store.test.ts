import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CertificateStore } from '../../../../src/server/acme/certificate-store.ts'
import { Authority, noOpenssl } from '../../../support/certificates.ts'
import { makeFolder } from '../../../support/folder.ts'

const directory = 'https://ca.example/dir'

function storeIn(t: TestContext): { store: CertificateStore; file: (name: string) => string } {
  const storage = mkdtempSync(join(tmpdir(), 'topspin-store-'))
  t.after(() => rmSync(storage, { recursive: true, force: true }))
  const store = new CertificateStore(storage, directory)
  store.create()
  const folder = join(storage, readdirSync(storage)[0] ?? '')
  return { store, file: (name) => join(folder, name) }
}

test('a certificate is read as it was written', { skip: noOpenssl }, async (t) => {
  const { store } = storeIn(t)
  const { cert, key } = new Authority().issue({ names: ['a.example'] })
  assert.equal(store.read('a.example'), undefined)
  await store.write('a.example', { cert, key })
  const found = store.read('a.example')
  assert.equal(found?.cert.trim(), cert.trim())
  assert.equal(found?.key.trim(), key.trim())
})

test('certificates and the account key are written through symbolic links', {
  skip: noOpenssl,
}, async (t) => {
  const { store, file } = storeIn(t)
  const disk = makeFolder()
  const links = ['a.example.pem', 'account.pem']
  for (const name of links) symlinkSync(join(disk, name), file(name))
  const certificate = new Authority().issue({ names: ['a.example'] })
  for (let times = 0; times < 2; times++) await store.write('a.example', certificate)
  assert.equal(await store.accountKey(async () => 'key'), 'key')
  assert.ok(store.read('a.example') !== undefined)
  for (const name of links) assert.ok(lstatSync(file(name)).isSymbolicLink(), name)
  assert.deepEqual(readdirSync(disk).sort(), links)
})

test('a file that is torn, or for another name, is as good as none', {
  skip: noOpenssl,
}, async (t) => {
  const { store, file } = storeIn(t)
  const { cert, key } = new Authority().issue({ names: ['a.example'] })
  await store.write('b.example', { cert, key })
  assert.equal(store.read('b.example'), undefined)
  writeFileSync(file('a.example.pem'), `${key}${cert.slice(0, 200)}`)
  assert.equal(store.read('a.example'), undefined)
})

test('the account key is made once, whoever asks first', async (t) => {
  const { store } = storeIn(t)
  const keys = await Promise.all(['1', '2'].map((key) => store.accountKey(async () => key)))
  assert.equal(keys[0], keys[1])
  assert.equal(await store.accountKey(async () => '3'), keys[0])
})

test('a lock has one holder, until it is released or not touched any more', async (t) => {
  const { store, file } = storeIn(t)
  const release = await store.lock('a.example')
  assert.ok(release !== undefined)
  assert.equal(await store.lock('a.example'), undefined)
  await release()
  const again = await store.lock('a.example')
  assert.ok(again !== undefined)
  await again()
  writeFileSync(file('a.example.lock'), '')
  utimesSync(file('a.example.lock'), 1, 1)
  const taken = await store.lock('a.example')
  assert.ok(taken !== undefined)
  await taken()
})

test('of many that find a stale lock one gets it, and a lock is released by its holder alone', async (t) => {
  const { store, file } = storeIn(t)
  writeFileSync(file('a.example.lock'), 'dead')
  utimesSync(file('a.example.lock'), 1, 1)
  const taken = await Promise.all(Array.from({ length: 10 }, () => store.lock('a.example')))
  const releases = taken.filter((release) => release !== undefined)
  assert.equal(releases.length, 1)
  // Another proxy has taken it meanwhile.
  writeFileSync(file('a.example.lock'), 'other')
  await releases[0]?.()
  assert.deepEqual(readdirSync(file('.')), ['a.example.lock'])
})

test('an answer is there for the proxies that share the folder until it is removed, or too old', async (t) => {
  const { store, file } = storeIn(t)
  const answer = { type: 'http-01', token: 'a', text: 'a.b' } as const
  const before = await store.changes()
  const remove = await store.shareAnswer('a.example', answer)
  assert.deepEqual(store.answers(), [answer])
  assert.notEqual(await store.changes(), before)
  for (const text of [
    '{',
    '{}',
    '{"type":"http-01","token":1}',
    '{"type":"tls-alpn-01","name":"a"}',
  ]) {
    writeFileSync(file('torn.example.answer'), text)
    assert.deepEqual(store.answers(), [answer], text)
  }
  const pair = { cert: 'no', key: 'pair' }
  const wrong = { type: 'tls-alpn-01', name: 'wrong.example', pair }
  writeFileSync(file('wrong.example.answer'), JSON.stringify(wrong))
  assert.deepEqual(store.answers(), [answer])
  utimesSync(file('a.example.answer'), 1, 1)
  assert.deepEqual(store.answers(), [])
  await remove()
  assert.deepEqual(readdirSync(file('.')), ['torn.example.answer', 'wrong.example.answer'])
})
