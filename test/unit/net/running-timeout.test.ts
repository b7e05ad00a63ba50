import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runningTimeout } from '../../../src/net/running-timeout.ts'

test('the timeout ends after its time, over several pieces', async () => {
  const from = performance.now()
  await new Promise<void>((resolve) => runningTimeout(600, resolve))
  assert.ok(performance.now() - from >= 595)
})

test('after a suspension of the process the rest of the time remains', async () => {
  let isOver = false
  const from = performance.now()
  runningTimeout(500, () => {
    isOver = true
  })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isOver, false, `after ${performance.now() - from} ms`)
})

test('a cancelled timeout does not call back', async () => {
  let isOver = false
  const callOff = runningTimeout(20, () => {
    isOver = true
  })
  callOff()
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(isOver, false)
})
