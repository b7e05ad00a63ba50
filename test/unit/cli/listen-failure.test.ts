// What is said, and with which exit code the program ends, when it cannot listen.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopspinError } from '../../../src/base/errors.ts'
import { listenFailure } from '../../../src/cli/listen-failure.ts'

const system = (code: string): Error =>
  Object.assign(new Error(`listen ${code}`), { code, syscall: 'listen', address: '::1', port: 80 })

test('a taken address is found under the error around it', () => {
  const wrapped = new TopspinError('LISTEN', 'cannot listen', {
    side: 'proxy',
    phase: 'accept',
    cause: system('EADDRINUSE'),
  })
  assert.deepEqual(listenFailure(wrapped, 'npm start --'), {
    message:
      '[::1]:80 is taken by another program. Choose others: npm start -- --listen HOST:PORT --control HOST:PORT',
    exitCode: 75,
  })
})

test('other reasons end with 1 and are named', () => {
  assert.match(listenFailure(system('EACCES'), 'x').message, /not permitted/)
  assert.match(listenFailure(system('EADDRNOTAVAIL'), 'x').message, /no such address/)
  assert.equal(listenFailure(system('EACCES'), 'x').exitCode, 1)
  assert.deepEqual(listenFailure(new Error('no space left'), 'x'), {
    message: 'no space left',
    exitCode: 1,
  })
})
