import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pause, waitUntil } from '../../../src/base/wait.ts'

test('a pause ends early when its signal aborts', async () => {
  const over = new AbortController()
  const waiting = pause(60_000, over.signal)
  over.abort()
  await waiting
  await pause(60_000, over.signal)
})

test('waiting ends when the condition holds', async () => {
  let checks = 0
  const held = await waitUntil(async () => ++checks === 3, { withinMs: 60_000, everyMs: 1 })
  assert.equal(held, true)
  assert.equal(checks, 3)
})

test('waiting ends at its deadline, after the condition was checked once', async () => {
  let checks = 0
  const condition = (): boolean => ++checks > 1
  assert.equal(await waitUntil(condition, { withinMs: 0 }), false)
  assert.equal(checks, 1)
})

test('waiting ends when its signal aborts', async () => {
  const over = new AbortController()
  const held = waitUntil(() => false, {
    withinMs: Number.POSITIVE_INFINITY,
    everyMs: 60_000,
    signal: over.signal,
  })
  over.abort()
  assert.equal(await held, false)
})
