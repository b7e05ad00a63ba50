import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopspinError } from '../../../src/base/errors.ts'
import { listenFailure } from '../../../src/cli/listen-failure.ts'

const system = (code: string): Error =>
  Object.assign(new Error(`listen ${code}`), { code, syscall: 'listen', address: '::1', port: 80 })

test('an address in use is reported from the cause of a wrapped error', () => {
  const wrapped = new TopspinError('LISTEN', 'cannot listen', {
    side: 'proxy',
    phase: 'accept',
    cause: system('EADDRINUSE'),
  })
  assert.deepEqual(listenFailure(wrapped, 'npm start -- --listen HOST:PORT'), {
    message:
      '[::1]:80 is in use by another program. Choose another address: npm start -- --listen HOST:PORT',
    exitCode: 75,
  })
})

test('other reasons are reported with exit code 1', () => {
  assert.match(listenFailure(system('EACCES'), 'x').message, /no permission.*CAP_NET_BIND_SERVICE/)
  const high = Object.assign(system('EACCES'), { port: 8_000 })
  assert.equal(
    listenFailure(high, 'x').message,
    '[::1]:8000: no permission to listen there. Choose another address: x',
  )
  const unix = Object.assign(system('EACCES'), { address: '/run/web.sock', port: -1 })
  assert.match(listenFailure(unix, 'x').message, /^unix:\/run\/web\.sock: .* write in its folder/)
  assert.match(listenFailure(system('EADDRNOTAVAIL'), 'x').message, /does not have that address/)
  assert.equal(listenFailure(system('EACCES'), 'x').exitCode, 1)
  assert.deepEqual(listenFailure(new Error('no space left'), 'x'), {
    message: 'no space left',
    exitCode: 1,
  })
})
