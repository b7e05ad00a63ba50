import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConsolePages } from '../../../src/console/console-pages.ts'
import { framedRequest } from '../../support/control-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'console-'))
after(() => rmSync(folder, { recursive: true }))
const files = {
  'index.html': '<!doctype html>',
  'index.html.br': 'brotli',
  'index.html.gz': 'gzip',
  'console-ABCDEF12.js': 'script',
  'notes.txt': 'not for browsers',
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
const pages = new ConsolePages(folder)

const get = (path: string, fields: readonly string[] = [], method = 'GET') =>
  pages.respond(framedRequest(`${method} ${path} HTTP/1.1`, ['Host: localhost', ...fields]), path)

test('the page is sent in the best coding that the browser accepts', async () => {
  const cases = [
    ['', undefined, '<!doctype html>'],
    ['Accept-Encoding: gzip, deflate, br, zstd', 'br', 'brotli'],
    ['Accept-Encoding: gzip', 'gzip', 'gzip'],
    ['Accept-Encoding: br;q=0, gzip;q=0.5', 'gzip', 'gzip'],
    ['Accept-Encoding: identity', undefined, '<!doctype html>'],
  ] as const
  for (const [field, coding, body] of cases) {
    const { status, contentType, fields, ...answer } = await get(
      '/console/',
      field === '' ? [] : [field],
    )
    assert.equal(status, 200)
    assert.equal(contentType, 'text/html; charset=utf-8')
    assert.equal(fields['Content-Encoding'], coding, field)
    assert.equal(fields['Vary'], 'Accept-Encoding')
    assert.equal(String(answer.body), body)
  }
})

test('a browser that has the page gets no second one', async () => {
  const { fields } = await get('/console/')
  const etag = fields['ETag'] ?? ''
  assert.match(etag, /^"[\w-]{22}"$/)
  assert.equal(fields['Cache-Control'], 'no-cache')
  const again = await get('/console/', [`If-None-Match: "other", W/${etag}`])
  assert.deepEqual([again.status, again.body], [304, ''])
  const coded = await get('/console/', [`If-None-Match: ${etag}`, 'Accept-Encoding: br'])
  assert.equal(coded.status, 200, 'other bytes have another tag')
})

test('a file with a hash in its name is kept for good', async () => {
  const { fields } = await get('/console/console-ABCDEF12.js')
  assert.equal(fields['Cache-Control'], 'private, max-age=31536000, immutable')
})

test('the policy lets the page reach its own listener alone', async () => {
  const policy = (await get('/console/')).fields['Content-Security-Policy'] ?? ''
  assert.match(
    policy,
    /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/,
  )
  assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'$/)
  assert.doesNotMatch(policy, /unsafe|https?:|\*/)
})

test('other paths and methods are refused', async () => {
  assert.equal((await get('/console/notes.txt')).status, 404)
  assert.equal((await get('/console/../package.json')).status, 404)
  assert.equal((await get('/console/', [], 'POST')).status, 405)
  const bare = await get('/console')
  assert.deepEqual([bare.status, bare.fields['Location']], [303, '/console/'])
})

test('without its files the console says how to make them, and serves them once they are there', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'console-'))
  after(() => rmSync(empty, { recursive: true }))
  const unbuilt = new ConsolePages(empty)
  const ask = () =>
    unbuilt.respond(framedRequest('GET /console/ HTTP/1.1', ['Host: a']), '/console/')
  const answer = await ask()
  assert.deepEqual(
    [answer.status, String(answer.body)],
    [503, 'the console is not built: run npm run build\n'],
  )
  writeFileSync(join(empty, 'index.html'), 'page')
  assert.equal((await ask()).status, 200)
})
