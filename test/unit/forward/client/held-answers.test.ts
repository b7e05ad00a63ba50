import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldAnswers } from '../../../../src/forward/client/held-answers.ts'
import { makeTraffic } from '../../../../src/forward/index.ts'

function heldAnswers(isFast: boolean): { held: HeldAnswers; sent: string[] } {
  const sent: string[] = []
  const held = new HeldAnswers(makeTraffic({}), (bytes) => {
    sent.push(Buffer.from(bytes).toString('latin1'))
    return isFast
  })
  return { held, sent }
}

test('answers are held until they are uncorked, and leave in one write', () => {
  const { held, sent } = heldAnswers(true)
  assert.equal(held.add(Buffer.from('one ')), true)
  assert.equal(held.add(Buffer.from('two')), true)
  assert.deepEqual([sent, held.isEmpty], [[], false])
  assert.equal(held.uncork(), true)
  assert.deepEqual([sent, held.isEmpty], [['one two'], true])
  assert.equal(held.uncork(), true, 'nothing is held any more')
})

test('a timer uncorks answers that no other follows', async () => {
  const { held, sent } = heldAnswers(true)
  held.add(Buffer.from('last'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(sent, ['last'])
})

test('a large answer is sent at once, behind those that were held', () => {
  const { held, sent } = heldAnswers(true)
  held.add(Buffer.from('small'))
  held.add(Buffer.alloc(20_000, 'x'))
  assert.deepEqual(
    sent.map((text) => text.length),
    [5, 20_000],
  )
})

test('a client that is slower than we send is reported', () => {
  const { held } = heldAnswers(false)
  held.add(Buffer.from('one'))
  assert.equal(held.uncork(), false)
})

test('held bytes of a closed connection are not sent', async () => {
  const { held, sent } = heldAnswers(true)
  held.add(Buffer.from('lost'))
  held.drop()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual([sent, held.isEmpty], [[], true])
})

test('held bytes are sent at the limit', () => {
  const { held, sent } = heldAnswers(true)
  held.add(Buffer.alloc(10_000, 'x'))
  assert.deepEqual(sent, [])
  held.add(Buffer.alloc(10_000, 'x'))
  assert.deepEqual([sent.length, held.isEmpty], [1, true])
})
