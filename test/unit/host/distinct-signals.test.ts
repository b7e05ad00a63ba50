import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distinctSignals } from '../../../src/host/distinct-signals.ts'

test('signals within half a second of the first are its echo, and later ones are the second', (t) => {
  let now = 1_000
  t.mock.method(performance, 'now', () => now)
  const calls: string[] = []
  const handle = distinctSignals<string>(
    (signal) => calls.push(`first ${signal}`),
    (signal) => calls.push(`second ${signal}`),
  )
  handle('SIGINT')
  now += 400
  handle('SIGTERM')
  assert.deepEqual(calls, ['first SIGINT'])
  now += 200
  handle('SIGTERM')
  assert.deepEqual(calls, ['first SIGINT', 'second SIGTERM'])
})
