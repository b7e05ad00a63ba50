// Tables of text.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alignTable, fittedTable, fittedText } from '../../../src/cli/table.ts'

test('columns are as wide as their widest cell', () => {
  assert.deepEqual(
    alignTable(
      [{ title: 'node' }, { title: 'load', align: 'right' }],
      [
        ['a', '100'],
        ['shop-b', '7'],
      ],
    ),
    ['node    load', 'a        100', 'shop-b     7'],
  )
})

test('a table has a row for each context of a full registry', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [`/${index}`])
  const lines = alignTable([{ title: 'context' }], rows)
  assert.equal(lines.length, 200_001)
  assert.equal(lines.at(-1), '/199999')
})

test('a table that is too wide leaves columns out, then cuts the longest cells', () => {
  const columns = [{ title: 'NODE' }, { title: 'ALIASES', rank: 1 }, { title: 'STATE' }]
  const rows = [['a', 'x'.repeat(90), 's'.repeat(200)]]
  const { lines, leftOut } = fittedTable(columns, rows, 80)
  assert.deepEqual(leftOut, ['ALIASES'])
  assert.ok(
    lines.every((line) => line.length <= 80),
    lines.join('\n'),
  )
  assert.match(lines[1] ?? '', /^a +s+\.\.\.$/)
  assert.match(
    fittedText(columns, rows, 80),
    /Left out for lack of width \(see --json\):\n {2}ALIASES\n$/,
  )
})

test('names that cannot be cut further keep their beginning', () => {
  const columns = Array.from({ length: 12 }, () => ({ title: 'T' }))
  const { lines } = fittedTable(columns, [columns.map(() => 'n'.repeat(30))], 80)
  assert.match(lines[1] ?? '', /^nnnnnnnnn\.\.\. /)
})

test('a cell with hidden characters is cut by what is shown of it', () => {
  const columns = [{ title: 'NODE' }, { title: 'CONTEXT' }]
  const { lines } = fittedTable(columns, [['a', `/${'\u202e'.repeat(60)}`]], 80)
  assert.ok(
    lines.every((line) => line.length <= 80),
    lines.join('\n'),
  )
  assert.match(lines[1] ?? '', /^a {5}\/\\u\{202e\}.*\.\.\.$/)
})
