import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import {
  probeSignalsDuringBoot,
  signalsDuringBoot,
  withoutHandler,
} from '../../../src/node-internals/signals-during-boot.ts'

const skip = existsSync('/proc/self/status') ? false : 'this system has no /proc/self/status'

test('Node.js handles SIGTERM and SIGINT from its start', { skip }, () => {
  assert.equal(probeSignalsDuringBoot(), true)
})

test('a signal whose handler is gone has arrived', () => {
  const status = (mask: string): string => `SigIgn:\t0000000001001000\nSigCgt:\t${mask}\n`
  assert.deepEqual(withoutHandler(status('0000000100004602')), [])
  assert.deepEqual(withoutHandler(status('0000000100000602')), ['SIGTERM'])
  assert.deepEqual(withoutHandler(status('0000000100004600')), ['SIGINT'])
  assert.deepEqual(withoutHandler(status('0000000000000000')), ['SIGTERM', 'SIGINT'])
  assert.deepEqual(withoutHandler(''), [])
})

test('a process that is not the first one of a container had none', () => {
  assert.deepEqual(signalsDuringBoot(), [])
})
