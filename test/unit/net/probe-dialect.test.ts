import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialectOf } from '../../../src/net/probe-dialect.ts'

test('every HTTP type has one dialect, AJP its own, and other types none', () => {
  for (const type of ['http', 'https', 'ws', 'wss']) assert.equal(dialectOf(type)?.name, 'HTTP')
  assert.equal(dialectOf('ajp')?.name, 'AJP')
  for (const type of ['', 'gopher', 'HTTP']) assert.equal(dialectOf(type), undefined, type)
})

test('an answer is undecided until its beginning is complete', () => {
  const isAnswer = (text: string) => dialectOf('http')?.isAnswer(Buffer.from(text))
  for (const begin of ['', 'H', 'HTTP/1']) assert.equal(isAnswer(begin), undefined, begin)
  for (const answer of ['HTTP/1.', 'HTTP/1.1 500 x']) assert.equal(isAnswer(answer), true, answer)
  for (const other of ['SSH', 'HTTP/2', 'h']) assert.equal(isAnswer(other), false, other)
})

test('an AJP node answers CPONG', () => {
  const isAnswer = (...bytes: number[]) => dialectOf('ajp')?.isAnswer(Buffer.from(bytes))
  assert.equal(isAnswer(0x41, 0x42, 0, 1), undefined)
  assert.equal(isAnswer(0x41, 0x42, 0, 1, 9), true)
  assert.equal(isAnswer(0x41, 0x42, 0, 1, 8), false)
})
