import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { reportClientOf, reportOwnClient } from '../../../../src/peer/hand-over/real-client.ts'

const mark = { address: '2001:db8::1', port: 7, scheme: 'https', time: 0 } as const

interface Seen {
  readonly encrypted?: boolean
}

test('a socket reports the client of each request, and its own remote side after that', () => {
  const socket: Socket & Seen = new Socket()
  reportClientOf(mark, socket)
  assert.deepEqual(
    [socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.encrypted],
    ['2001:db8::1', 7, 'IPv6', true],
  )
  reportClientOf({ ...mark, address: '192.0.2.1', port: 8, scheme: 'http' }, socket)
  assert.deepEqual(
    [socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.encrypted],
    ['192.0.2.1', 8, 'IPv4', false],
  )
  reportOwnClient(socket)
  assert.equal(socket.remoteAddress, undefined)
  assert.ok(!('encrypted' in socket))
})

test('properties that a socket had before are restored', () => {
  const socket: Socket & Seen = Object.assign(new Socket(), { encrypted: true })
  reportClientOf({ ...mark, scheme: 'http' }, socket)
  assert.equal(socket.encrypted, false)
  reportOwnClient(socket)
  assert.equal(socket.encrypted, true)
})

test('a socket that has reported no other client is not touched', () => {
  const socket = new Socket()
  const before = Object.getOwnPropertyNames(socket)
  reportOwnClient(socket)
  assert.deepEqual(Object.getOwnPropertyNames(socket), before)
})
