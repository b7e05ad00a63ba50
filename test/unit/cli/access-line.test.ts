import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessLine } from '../../../src/cli/access-line.ts'

const entry = {
  time: 1_795_245_573_843,
  client: '192.0.2.1',
  method: 'GET',
  target: '/shop?item=1',
  host: 'shop.test',
  status: 200,
  code: '',
  route: 'a',
  attempts: 1,
  durationMs: 1.5,
  bytes: 225,
}

test('a line is the entry as JSON', () => {
  assert.deepEqual(JSON.parse(accessLine(entry)), entry)
  assert.ok(accessLine(entry).endsWith('}\n'))
})

test('what JSON must escape is escaped', () => {
  const odd = { ...entry, target: '/a?"\\^|', host: 'h\u00e4user.test', route: 'a\\b' }
  assert.deepEqual(JSON.parse(accessLine(odd)), odd)
  assert.equal(accessLine(odd).indexOf('\n'), accessLine(odd).length - 1)
})

test('times have three decimals at most', () => {
  assert.equal(JSON.parse(accessLine({ ...entry, durationMs: 0.123456 })).durationMs, 0.123)
})
