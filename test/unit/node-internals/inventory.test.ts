// The inventory of undocumented parts of Node.js: each has a file, a probe, a test and a row, and no other file has any.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const src = join(root, 'src')
const room = join(src, 'node-internals')
const files = readdirSync(room).filter((name) => name.endsWith('.ts'))
const readme = readFileSync(join(room, 'README.md'), 'utf8')

test('every file of node-internals has a row in the inventory, a probe and a test of that probe', () => {
  const tests = join(root, 'test', 'unit', 'node-internals')
  for (const file of files) {
    assert.match(readme, new RegExp(`^\\| \`${file}\` `, 'm'), `${file} has no row`)
    const text = readFileSync(join(room, file), 'utf8')
    const probe = /^export (?:async function|function|const) (probe\w+)/m.exec(text)?.[1]
    assert.ok(probe !== undefined, `${file} has no probe`)
    const testText = readFileSync(join(tests, file.replace('.ts', '.test.ts')), 'utf8')
    assert.ok(testText.includes(`${probe}()`), `the test of ${file} does not call ${probe}`)
  }
})

test('every row of the inventory names a file', () => {
  const rows = [...readme.matchAll(/^\| `([a-z-]+\.ts)` /gm)].map(([, name]) => name)
  assert.deepEqual(rows.toSorted(), files.toSorted())
})

test('no other file reads a property whose name begins with an underscore', () => {
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('node-internals')) continue
    const code = readFileSync(join(src, file), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
    assert.doesNotMatch(code, /\._[a-z]|\b_[a-zA-Z]+\??: [^,)]*[}|]|\{ _[a-z]/, file)
  }
})
