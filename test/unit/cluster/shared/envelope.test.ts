import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEnvelope, writeEnvelope } from '../../../../src/cluster/shared/envelope.ts'

test('a record keeps its order, its writer and its body', () => {
  const envelope = { order: [5, 2, 1] as const, by: 'front-1', at: 1_764_340_000_456, factor: 73 }
  const text = writeEnvelope(envelope, '{"node":{"route":"a"}}')
  assert.deepEqual(readEnvelope(text), { envelope, body: { node: { route: 'a' } } })
})

test('what is no record of this form is refused with the reason', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /not JSON/],
    ['[]', /not a record/],
    ['{"v":2,"order":[1,0,0],"by":"x","at":1}', /form 2/],
    ['{"v":1,"order":[1,0],"by":"x","at":1}', /order/],
    ['{"v":1,"order":[1,0,-1],"by":"x","at":1}', /order/],
    ['{"v":1,"order":[1,0,0],"at":1}', /by/],
  ]
  for (const [text, reason] of bad) {
    const read = readEnvelope(text)
    assert.ok('problem' in read && reason.test(read.problem), JSON.stringify(read))
    assert.equal(read.isForeign === true, /form/.test(read.problem), read.problem)
  }
})
