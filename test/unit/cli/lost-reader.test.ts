// Which commands end when nobody reads what they print.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsOn } from '../../../src/cli/lost-reader.ts'

test('a service outlives the reader of its log, and its help does not', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['serve --to 127.0.0.1:3000', true],
    ['haproxy', true],
    ['agent --target http://127.0.0.1:3000 -- program --help', true],
    ['serve --help', false],
    ['agent -h', false],
    ['nodes', false],
    ['--help', false],
    ['', false],
  ]
  for (const [line, isService] of cases) assert.equal(runsOn(line.split(' ')), isService, line)
})
