import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readActivation } from '../../../../src/server/systemd/activation.ts'

test('the descriptors begin at 3 and have the names of their socket units', () => {
  const environment = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'web:web:control' }
  assert.deepEqual(readActivation(environment, 7), {
    ok: true,
    descriptors: [
      { fd: 3, name: 'web' },
      { fd: 4, name: 'web' },
      { fd: 5, name: 'control' },
    ],
  })
})

test('names may be missing', () => {
  assert.deepEqual(readActivation({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), {
    ok: true,
    descriptors: [{ fd: 3, name: '' }],
  })
})

test('without the variables there are no descriptors', () => {
  for (const environment of [{}, { LISTEN_FDS: '1' }, { LISTEN_PID: '7' }])
    assert.deepEqual(readActivation(environment, 7), { ok: true, descriptors: [] })
})

test('variables for another process do not count, and the problem says what to do', () => {
  const activation = readActivation({ LISTEN_PID: '6', LISTEN_FDS: '1' }, 7)
  assert.match(activation.ok ? '' : activation.problem, /process 6.*ExecStart/)
})

test('a number of descriptors that is none is a problem', () => {
  for (const count of ['', 'x', '-1', '1e3', '9999', '1001'])
    assert.equal(readActivation({ LISTEN_PID: '7', LISTEN_FDS: count }, 7).ok, false, count)
})
