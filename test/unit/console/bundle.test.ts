// The files that scripts/console.js makes.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../../../scripts/console.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'console-'))
after(() => rmSync(folder, { recursive: true }))
const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
assert.equal(status, 0, stderr)
const names = readdirSync(folder)

const bytesMax = 150_000

test('the console is smaller than 150 kB, compressed by either coding', () => {
  for (const ending of ['.br', '.gz']) {
    const files = names.filter((name) => name.endsWith(ending))
    const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    assert.ok(bytes > 10_000 && bytes < bytesMax, `${ending}: ${bytes} bytes`)
  }
})

test('the page names files that are there, and nothing elsewhere', () => {
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const links = [...page.matchAll(/<(?:link|script)\b[^>]* (?:href|src)="([^"]+)"/g)].map(
    ([, link]) => link ?? '',
  )
  assert.equal(links.length, 3)
  for (const link of links) assert.ok(names.includes(link), link)
})

test('no file names another host', () => {
  for (const name of names.filter((each) => /\.(js|css|html|svg)$/.test(each))) {
    const text = readFileSync(join(folder, name), 'utf8')
    const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map(([, host]) => host)
    // Names of vocabularies, and the example in a form.
    const others = hosts.filter((host) => host !== 'www.w3.org' && host !== 'shop.example.com')
    assert.deepEqual(others, [], name)
  }
})
