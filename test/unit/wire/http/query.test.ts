import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryParameter } from '../../../../src/wire/http/query.ts'

const find = (query: string, name: string): string | undefined =>
  queryParameter(Buffer.from(`?${query}&sid=behind`), 1, 1 + query.length, Buffer.from(name))

test('the first parameter of exactly that name, as received', () => {
  assert.equal(find('a=1&sid=x%20y&sid=z', 'sid'), 'x%20y')
  assert.equal(find('sid=', 'sid'), '')
  assert.equal(find('sid=a=b', 'sid'), 'a=b')
  for (const none of ['', 'sid', 'xsid=1', 'sidx=1', 'SID=1', 'a=sid=1', '&&', 'si']) {
    assert.equal(find(none, 'sid'), undefined, none)
  }
})
