// Which errors say something about this machine and nothing about a node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedError, connectError } from '../../../src/forward/node/node-error.ts'
import { isShortage } from '../../../src/net/shortage.ts'

const failed = (code: string): Error => Object.assign(new Error(code), { code })

const local = ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM']
const remote = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE']

test('an error of this machine is a shortage, whether a connection begins or is in use', () => {
  for (const code of local) {
    assert.equal(isShortage(failed(code)), true, code)
    for (const error of [connectError(failed(code)), closedError(failed(code))])
      assert.deepEqual([error.side, error.retry], ['proxy', 'never'], code)
  }
})

test('an error of the other side is the node\u2019s', () => {
  for (const code of remote) {
    assert.equal(isShortage(failed(code)), false, code)
    assert.equal(connectError(failed(code)).side, 'node', code)
    assert.equal(closedError(failed(code)).side, 'node', code)
  }
  assert.equal(isShortage(undefined), false)
  assert.equal(isShortage(new Error('no code')), false)
})

test('of several addresses each has to fail so', () => {
  const all = (...codes: string[]): Error => new AggregateError(codes.map(failed))
  assert.equal(isShortage(all('EADDRNOTAVAIL', 'EADDRNOTAVAIL')), true)
  assert.equal(isShortage(all('EADDRNOTAVAIL', 'ECONNREFUSED')), false)
  assert.equal(isShortage(all()), false)
})
