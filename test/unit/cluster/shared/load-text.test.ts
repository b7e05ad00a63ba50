import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Heard, readLoads, writeLoads } from '../../../../src/cluster/shared/load-text.ts'

const heard: readonly Heard[] = [
  { route: 'shop-a', factor: 73, isDefault: false, ageMs: 120, isNew: true },
  { route: 'a b.c', factor: -1, isDefault: true, ageMs: 0, isNew: false },
  { route: 'né', factor: undefined, isDefault: false, ageMs: 59_000, isNew: false },
]

test('reports are written and read again', () => {
  const [text = '', ...more] = writeLoads('front-1', 4711, heard, 65_536)
  assert.deepEqual(more, [])
  assert.deepEqual(readLoads(text), { proxy: 'front-1', number: 4711, heard })
})

test('many reports are several numbered texts, none longer than the limit', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => ({ ...heard[0]!, route: `node-${at}` }))
  const texts = writeLoads('front-1', 1, many, 2_000)
  assert.ok(texts.every((text) => text.length <= 2_000))
  const read = texts.map((text) => readLoads(text))
  assert.deepEqual(
    read.map((message) => message?.number),
    texts.map((_, at) => at + 1),
  )
  assert.deepEqual(
    read.flatMap((message) => message?.heard ?? []),
    many,
  )
})

test('nothing to tell is no text, and what is no text is not read', () => {
  assert.deepEqual(writeLoads('front-1', 1, [], 100), [])
  for (const text of ['', '2 front-1 1', '1 front-1', '1 =zz 1', 'x'])
    assert.equal(readLoads(text), undefined)
})

test('lines of another form are left out', () => {
  const text = '1 front-1 1\nshop-a 73 1\nshop-b 173 1\nshop-c x 1\n\nshop-d 5\nshop-e 5 1 q'
  assert.deepEqual(
    readLoads(text)?.heard.map(({ route }) => route),
    ['shop-a'],
  )
})
