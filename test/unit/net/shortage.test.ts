// Which errors say something about this machine and nothing about a node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedError, connectError } from '../../../src/forward/node/node-error.ts'
import { isShortage } from '../../../src/net/shortage.ts'

const failed = (code: string): Error => Object.assign(new Error(code), { code })

const ofResolver = ['EAI_AGAIN', 'EAI_FAIL', 'EAI_MEMORY', 'EAI_CANCELED']
const local = [
  ...['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM'],
  ...ofResolver,
]
const remote = [
  'ENOTFOUND',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]

test('an error of this machine is a shortage, whether a connection begins or is in use', () => {
  for (const code of local) {
    assert.equal(isShortage(failed(code)), true, code)
    assert.equal(connectError(failed(code)).side, 'proxy', code)
    const inUse = closedError(failed(code))
    assert.deepEqual([inUse.side, inUse.retry], ['proxy', 'never'], code)
  }
})

test('a shortage towards one node lets the request go to another', () => {
  const retries = local.map((code) => [code, connectError(failed(code)).retry])
  assert.deepEqual(
    retries.filter(([, retry]) => retry === 'safe').map(([code]) => code),
    ['EADDRNOTAVAIL', 'EACCES', 'EPERM', 'EAI_AGAIN', 'EAI_FAIL'],
  )
  const both = new AggregateError([failed('EACCES'), failed('EMFILE')])
  assert.deepEqual([connectError(both).side, connectError(both).retry], ['proxy', 'never'])
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
