// `topspin init` as people run it, without a terminal: what it writes passes `topspin check` and starts a proxy.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { topspin } from '../../support/topspin.ts'

const folder = mkdtempSync(join(tmpdir(), 'topspin-init-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('init writes a file that check accepts, and replaces it only with --force', async () => {
  const file = join(folder, 'topspin.yaml')
  const written = await topspin('init', file, '--to', '127.0.0.1:3001,127.0.0.1:3002')
  assert.equal(written.code, 0, written.stderr)
  assert.match(written.stdout, /topspin serve --config/)
  assert.equal((await topspin('check', file)).code, 0)
  const text = readFileSync(file, 'utf8')
  assert.ok(text.includes('to: ["127.0.0.1:3001","127.0.0.1:3002"]'), text)

  const again = await topspin('init', file, '--listen', '8080')
  assert.equal(again.code, 1)
  assert.match(again.stderr, /^topspin: .* is there already; --force replaces it, .*\n$/)
  assert.equal(readFileSync(file, 'utf8'), text)
  const forced = await topspin('init', file, '--force', '--control', '0.0.0.0:6666')
  assert.equal(forced.code, 0)
  assert.match(readFileSync(file, 'utf8'), /^ {2}secret: "[\w-]{24}"$/m)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal((await topspin('check', file)).code, 0)
})

test('init says what is wrong with an address, and writes nothing', async () => {
  const file = join(folder, 'other.yaml')
  const { code, stderr } = await topspin('init', file, '--to', 'no:port:here')
  assert.equal(code, 2)
  assert.match(stderr, /to\[0\]/)
  assert.equal((await topspin('check', file)).code, 78)
})
