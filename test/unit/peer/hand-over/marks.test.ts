import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { Marks } from '../../../../src/peer/hand-over/marks.ts'
import { viaLines } from '../../../../src/wire/forwarded.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const clock = new ManualClock()
const request = { method: 'GET', target: '/cart' }

function marks(key: string | undefined, isPeer: (address: string) => boolean = () => false): Marks {
  const keys = key === undefined ? [] : [createSecretKey(key, 'utf8')]
  return new Marks({ keys, isPeer, clock, via: viaLines('ours') })
}

function socketOf(remoteAddress: string | undefined): Socket {
  return Object.defineProperties(new Socket(), {
    remoteAddress: { value: remoteAddress },
    remotePort: { value: 4711 },
  })
}

test('a mark names the client of the socket', () => {
  const own = marks('a shared secret')
  const socket = socketOf('::ffff:192.0.2.7')
  const value = own.write(own.clientOf(socket), socket, request) ?? ''
  const mark = own.verify(value, request, '198.51.100.1')
  assert.ok(typeof mark === 'object', String(mark))
  const { address, port, scheme } = mark
  assert.deepEqual({ address, port, scheme }, { address: '192.0.2.7', port: 4711, scheme: 'http' })
})

test('a mark of another key, of another request or of another time is refused', () => {
  const own = marks('a shared secret')
  const socket = socketOf('192.0.2.7')
  const value = own.write(own.clientOf(socket), socket, request) ?? ''
  assert.equal(marks('another secret').verify(value, request, '198.51.100.1'), 'signature')
  assert.equal(own.verify(value, { ...request, target: '/' }, '198.51.100.1'), 'signature')
  clock.advance(30_001)
  assert.equal(own.verify(value, request, '198.51.100.1'), 'time')
})

test('without a key a mark is accepted from peers only', () => {
  const own = marks(undefined, (address) => address === '198.51.100.1')
  const socket = socketOf('192.0.2.7')
  const value = own.write(own.clientOf(socket), socket, request) ?? ''
  assert.equal(typeof own.verify(value, request, '198.51.100.1'), 'object')
  assert.equal(own.verify(value, request, '198.51.100.2'), 'source')
})

test('a socket that is not connected any more gets no mark', () => {
  const own = marks(undefined)
  const socket = socketOf(undefined)
  assert.equal(own.linesFor(socket), undefined)
  assert.equal(own.write(own.clientOf(socket), socket, request), undefined)
})
