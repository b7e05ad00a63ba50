import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { tellClient } from '../../../../src/peer/hand-over/real-client.ts'

const mark = { address: '2001:db8::1', port: 7, scheme: 'https', time: 0 } as const

interface Seen {
  readonly encrypted?: boolean
}

test('a socket tells of the client of each request, and of its own end after', () => {
  const socket: Socket & Seen = new Socket()
  tellClient(socket, mark)
  assert.deepEqual(
    [socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.encrypted],
    ['2001:db8::1', 7, 'IPv6', true],
  )
  tellClient(socket, { ...mark, address: '192.0.2.1', port: 8, scheme: 'http' })
  assert.deepEqual(
    [socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.encrypted],
    ['192.0.2.1', 8, 'IPv4', false],
  )
  tellClient(socket, undefined)
  assert.equal(socket.remoteAddress, undefined)
  assert.ok(!('encrypted' in socket))
})

test('what a socket said of itself before comes back', () => {
  const socket: Socket & Seen = Object.assign(new Socket(), { encrypted: true })
  tellClient(socket, { ...mark, scheme: 'http' })
  assert.equal(socket.encrypted, false)
  tellClient(socket, undefined)
  assert.equal(socket.encrypted, true)
})

test('sockets that nobody told anything stay untouched', () => {
  const socket = new Socket()
  const before = Object.getOwnPropertyNames(socket)
  tellClient(socket, undefined)
  assert.deepEqual(Object.getOwnPropertyNames(socket), before)
})
