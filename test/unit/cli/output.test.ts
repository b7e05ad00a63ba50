import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { print, printJson } from '../../../src/cli/output.ts'
import { alignTable } from '../../../src/cli/table.ts'

const root = join(import.meta.dirname, '../../../..')
const hostile = 'a\u009b31m\u202e\u0007'

test('names from elsewhere reach a terminal without control characters, as text and as JSON', (t) => {
  const { mock } = t.mock.method(process.stdout, 'write', () => true)
  print(`${hostile}\nb\n`)
  printJson({ [hostile]: hostile })
  const [text, json] = mock.calls.map(({ arguments: [written] }) => String(written))
  mock.restore()
  assert.equal(text, 'a\\u{9b}31m\\u{202e}\\u{7}\nb\n')
  assert.deepEqual(JSON.parse(json ?? ''), { [hostile]: hostile })
  assert.doesNotMatch(json ?? '', /[\u009b\u202e\u0007]/)
})

test('the titles of a table may be names from elsewhere, too', () => {
  assert.deepEqual(alignTable([{ title: 'a\u009b' }, { title: 'b' }], [['1', '2']]), [
    'a\\u{9b}  b',
    '1        2',
  ])
})

test('commands for a running proxy write by output.ts alone', () => {
  for (const folder of ['src/cli/remote', 'src/cli/doctor'])
    for (const name of readdirSync(join(root, folder)))
      assert.doesNotMatch(
        readFileSync(join(root, folder, name), 'utf8'),
        /process\.(?:stdout|stderr)\.write/,
        `${folder}/${name}`,
      )
})
