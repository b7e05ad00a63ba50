import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeSignalBinding } from '../../../src/node-internals/signal-binding.ts'

const skip = process.platform === 'win32' ? 'Windows has no SIGWINCH to send' : false

test('a signal goes through process.emit as it is when the signal is bound anew', {
  skip,
}, async () => {
  assert.equal(await probeSignalBinding(), true)
})
