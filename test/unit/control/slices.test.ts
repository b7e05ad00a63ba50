import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureLimits } from '../../../src/base/limits.ts'
import { jsonPieces } from '../../../src/control/page-response.ts'
import { Slices } from '../../../src/control/slices.ts'

/** Each piece takes a millisecond of its clock. */
class Work {
  now = 0
  readonly slices: Slices

  constructor() {
    this.slices = new Slices({ now: () => this.now, wall: () => this.now })
  }

  *pieces(count: number): Generator<string> {
    for (let at = 0; at < count; at++) {
      this.now++
      yield `${at},`
    }
  }
}

const numbers = (count: number): string => `${[...Array(count).keys()].join(',')},`

test('other work has its turn after each slice, however many answers are asked for', async () => {
  const work = new Work()
  let longest = 0
  let isOver = false
  const others = (async () => {
    for (let before = work.now; !isOver; before = work.now) {
      await new Promise((resolve) => setImmediate(resolve))
      longest = Math.max(longest, work.now - before)
    }
  })()
  const texts = [20, 1, 7, 33].map((count) => work.slices.text(work.pieces(count)))
  const list = work.slices.list(work.pieces(12))
  assert.deepEqual((await Promise.all(texts)).map(String), [20, 1, 7, 33].map(numbers))
  assert.equal((await list).join(''), numbers(12))
  isOver = true
  await others
  assert.ok(longest > 0 && longest <= measureLimits.sliceMs, `${longest} ms in one turn`)
})

test('an answer that cannot be made fails alone', async () => {
  const { slices } = new Work()
  const failed = slices.text(
    (function* () {
      yield 'a'
      throw new Error('no more')
    })(),
  )
  const next = slices.text(['b'])
  await assert.rejects(failed, /no more/)
  assert.equal(String(await next), 'b')
})

test('the pieces of an object are its JSON text', () => {
  const lists = { a: [1, 'x', null, { b: [2] }], empty: [], one: [{}] }
  for (const value of [{}, { text: 'a"b', none: undefined, null: null }, lists, { ...lists, n: 1 }])
    assert.equal([...jsonPieces(value)].join(''), `${JSON.stringify(value)}\n`)
  const made = new Set([1, 2])
  assert.equal([...jsonPieces({ made })].join(''), '{"made":[1,2]}\n')
  assert.equal([...jsonPieces({ some: [undefined, 1, undefined] })].join(''), '{"some":[1]}\n')
})
