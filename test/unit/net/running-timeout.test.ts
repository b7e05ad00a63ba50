import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runningTimeout } from '../../../src/net/running-timeout.ts'

test('it comes after its time, over several pieces', async () => {
  const from = performance.now()
  await new Promise<void>((resolve) => runningTimeout(600, resolve))
  assert.ok(performance.now() - from >= 595)
})

test('a process that stood still has the rest of the time left', async () => {
  let isOver = false
  const from = performance.now()
  runningTimeout(500, () => {
    isOver = true
  })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isOver, false, `after ${performance.now() - from} ms`)
})

test('one that is called off does not come', async () => {
  let isOver = false
  const callOff = runningTimeout(20, () => {
    isOver = true
  })
  callOff()
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(isOver, false)
})
