// The thread that compares passwords, under a flood of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { ruleLimits } from '../../../../src/base/limits.ts'
import { comparePassword } from '../../../../src/forward/rules/password-thread.ts'

test('passwords that nobody waits for any more are not compared', async (t) => {
  // The thread keeps no process alive.
  const alive = setInterval(() => {}, 1_000)
  t.after(() => clearInterval(alive))
  const hash = hashSync('right', 10)
  assert.equal(await comparePassword('right', hash), 'good')
  const before = performance.now()
  assert.equal(await comparePassword('wrong', hash), 'bad')
  const oneMs = performance.now() - before
  const flood = Array.from({ length: ruleLimits.loginsMax }, (_, i) =>
    comparePassword(`guess ${i}`, hash, 1),
  )
  assert.equal(await comparePassword('right', hash), 'busy')
  const results = await Promise.all(flood)
  assert.ok(results.every((result) => result === 'busy'))
  const from = performance.now()
  assert.equal(await comparePassword('right', hash), 'good')
  // All of the flood would take 64 times as long as one.
  const tookMs = performance.now() - from
  assert.ok(tookMs < 20 * oneMs, `${tookMs} ms, where one takes ${oneMs} ms`)
})
