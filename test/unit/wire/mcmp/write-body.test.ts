// Bodies of nodes: order and spelling of the Java client; values that no proxy accepts are refused.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { messageTarget, writeBody } from '../../../../src/wire/mcmp/body.ts'
import type { Message } from '../../../../src/wire/mcmp/message.ts'

const none = { aliases: [], contexts: [] } as const

describe('writing a body', () => {
  test('CONFIG has the route first, then keys in byte order', () => {
    const message: Message = {
      ...none,
      method: 'CONFIG',
      route: 'n1',
      type: 'http',
      port: 8080,
      host: '10.0.0.7',
      stickySessionForce: false,
      ttlMs: 1500,
      pingMs: 12_000,
      flushPackets: 'on',
      domain: '',
    }
    assert.equal(
      writeBody(message),
      'JVMRoute=n1&Host=10.0.0.7&Port=8080&StickySessionForce=No&Type=http&flushpackets=On&ping=12&ttl=1500ms',
    )
  })

  test('spaces, separators and slashes are percent-encoded', () => {
    const message: Message = {
      method: 'STOP-APP',
      wildcard: false,
      route: 'a b',
      aliases: ['x', 'y'],
      contexts: ['/a=&+%'],
    }
    assert.equal(writeBody(message), 'JVMRoute=a%20b&Alias=x%2Cy&Context=%2Fa%3D%26%2B%25')
  })

  test('an IPv6 address is sent in brackets', () => {
    assert.equal(
      writeBody({ ...none, method: 'CONFIG', route: 'a', host: '::1' }),
      'JVMRoute=a&Host=%5B%3A%3A1%5D',
    )
  })

  test('the target distinguishes a whole node from a context', () => {
    assert.equal(messageTarget({ method: 'REMOVE-APP', wildcard: true, route: 'a', ...none }), '/*')
    assert.equal(messageTarget({ method: 'STATUS', route: 'a' }), '/')
    assert.equal(messageTarget({ method: 'DUMP', xml: false }), '/*')
  })

  const impossible: readonly [string, Message][] = [
    ['an illegal character', { method: 'STATUS', route: 'a"b' }],
    ['a line break', { method: 'STATUS', route: 'a\n' }],
    ['half a surrogate pair', { method: 'STATUS', route: '\ud800' }],
    ['an empty route', { method: 'STATUS', route: '' }],
    ['the reserved route', { method: 'STATUS', route: 'REMOVED' }],
    ['a comma in a route', { method: 'STATUS', route: 'a,b' }],
    ['too long a route', { method: 'STATUS', route: 'é'.repeat(32) }],
    ['a load out of range', { method: 'STATUS', route: 'a', load: 101 }],
    ['a load that is no integer', { method: 'STATUS', route: 'a', load: 1.5 }],
    [
      'a comma in a context',
      { method: 'STOP-APP', wildcard: false, route: 'a', aliases: ['x'], contexts: ['/a,b'] },
    ],
    ['a comma in a domain', { ...none, method: 'CONFIG', route: 'a', domain: 'a,b' }],
    [
      'no context',
      { method: 'STOP-APP', wildcard: false, route: 'a', aliases: ['x'], contexts: [] },
    ],
    ['an alias alone', { method: 'CONFIG', route: 'a', aliases: ['x'], contexts: [] }],
    ['a port out of range', { ...none, method: 'CONFIG', route: 'a', port: 0 }],
    ['an invalid host', { ...none, method: 'CONFIG', route: 'a', host: 'a b' }],
    ['a negative time', { ...none, method: 'CONFIG', route: 'a', ttlMs: -1 }],
    ['half a second of WaitWorker', { ...none, method: 'CONFIG', route: 'a', waitWorkerMs: 500 }],
  ]
  for (const [what, message] of impossible) {
    test(`${what} throws`, () => assert.throws(() => writeBody(message), RangeError))
  }
})
