// The states of a client's connection, driven by bytes of a socket without a network.

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { httpLimits } from '../../../../src/base/limits.ts'
import { ClientConnection } from '../../../../src/forward/client/client-connection.ts'
import { type ClientRules, ProxyRules } from '../../../../src/forward/client/client-rules.ts'
import { makeTraffic, type Traffic } from '../../../../src/forward/index.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

interface Bench {
  readonly client: ClientConnection
  readonly traffic: Traffic
  readonly clock: ManualClock
  /** Writes since the last call, each as text. */
  writes(): string[]
  receive(text: string): void
  closed(): boolean
}

function bench(rulesOf: (traffic: Traffic) => ClientRules = (it) => new ProxyRules(it)): Bench {
  const clock = new ManualClock()
  const traffic = makeTraffic({ clock })
  let sent: string[] = []
  const socket = new Duplex({
    allowHalfOpen: true,
    read() {},
    write(bytes: Buffer, _encoding, done) {
      if (bytes.length > 0) sent.push(bytes.toString('latin1'))
      done()
    },
  })
  Object.assign(socket, { remoteAddress: '192.0.2.1', remotePort: 1, resetAndDestroy() {} })
  let isClosed = false
  const client = new ClientConnection(
    socket as unknown as Socket,
    traffic,
    rulesOf(traffic),
    () => {
      isClosed = true
    },
  )
  return {
    client,
    traffic,
    clock,
    writes() {
      const writes = sent
      sent = []
      return writes
    },
    receive: (text) => void socket.emit('data', Buffer.from(text, 'latin1')),
    closed: () => isClosed,
  }
}

const get = 'GET /none HTTP/1.1\r\nHost: a\r\n\r\n'

function pass(bench: Bench, ms: number): void {
  for (let left = ms; left > 0; left -= 100) {
    bench.clock.advance(Math.min(100, left))
    bench.traffic.ticker.tick()
  }
}

test('a request is answered, and the connection is idle again', () => {
  const { client, receive, writes } = bench()
  assert.equal(client.state, 'idle')
  receive(get.slice(0, 10))
  assert.equal(client.state, 'head')
  receive(get.slice(10))
  assert.match(writes().join(''), /^HTTP\/1\.1 404 /)
  assert.equal(client.state, 'idle')
})

test('pipelined requests are all answered', () => {
  const { client, receive, writes } = bench()
  receive(get + get + get.slice(0, 10))
  assert.equal(writes().join('').split('HTTP/1.1 404 ').length - 1, 2)
  assert.equal(client.state, 'head')
})

test('an invalid request is refused, and what follows is discarded', async () => {
  const { client, receive, writes, closed } = bench()
  receive(`GET / HTTP/9.9\r\n\r\n${get}`)
  assert.match(writes().join(''), /^HTTP\/1\.1 505 .*\r\nConnection: close\r\n/s)
  assert.equal(client.state, 'lingering')
  receive(get)
  assert.deepEqual(writes(), [])
  client.destroy()
  await new Promise(setImmediate)
  assert.deepEqual([client.state, closed()], ['closed', true])
})

test('a client that asks for the end of the connection gets it after the answer', async () => {
  const { client, receive, writes, closed } = bench()
  receive('GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(writes().join(''), /^HTTP\/1\.1 404 /)
  assert.equal(client.state, 'finishing')
  await new Promise(setImmediate)
  assert.equal(closed(), true)
})

test('a head that does not arrive in time is answered with 408', () => {
  const it = bench()
  it.receive(get.slice(0, 10))
  pass(it, it.traffic.settings.timeouts.headMs + 100)
  assert.match(it.writes().join(''), /^HTTP\/1\.1 408 /)
  assert.equal(it.client.state, 'lingering')
})

test('a client that keeps sending after the last response has 30 s to read it', async () => {
  const it = bench()
  it.receive('POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nx')
  assert.match(it.writes().join(''), /^HTTP\/1\.1 404 /)
  const { lingerMs } = it.traffic.settings.timeouts
  for (let passed = 0; passed < httpLimits.lingerMsMax - lingerMs; passed += 1_000) {
    assert.equal(it.client.state, 'lingering', `after ${passed} ms`)
    it.receive('x'.repeat(10_000))
    pass(it, 1_000)
  }
  it.receive('x'.repeat(10_000))
  pass(it, lingerMs + 200)
  await new Promise(setImmediate)
  assert.equal(it.client.state, 'closed')
})

test('a client that sends a byte now and then after the last response is cut soon', async () => {
  const it = bench()
  it.receive('BAD\r\n\r\n')
  for (let passed = 0; passed <= it.traffic.settings.timeouts.lingerMs; passed += 500) {
    it.receive('x')
    pass(it, 500)
  }
  await new Promise(setImmediate)
  assert.equal(it.client.state, 'closed')
})

test('an idle connection ends after its time, without a word', async () => {
  const it = bench()
  it.receive(get)
  it.writes()
  pass(it, it.traffic.settings.timeouts.idleMs + 100)
  await new Promise(setImmediate)
  assert.deepEqual([it.client.state, it.writes()], ['closed', []])
})

test('a client without a valid certificate has its first request refused', () => {
  const { client, receive, writes } = bench()
  client.bar()
  receive(get)
  assert.match(writes().join(''), /^HTTP\/1\.1 403 /)
  assert.equal(client.state, 'lingering')
})

test('draining ends an idle connection at once, and a busy one after its answer', async () => {
  const idle = bench()
  idle.client.drain()
  assert.equal(idle.client.state, 'finishing')
  const begun = bench()
  begun.receive(get.slice(0, 10))
  begun.client.drain()
  assert.equal(begun.client.state, 'head')
  begun.traffic.draining = true
  begun.receive(get.slice(10))
  assert.match(begun.writes().join(''), /\r\nConnection: close\r\n/)
  assert.equal(begun.client.state, 'lingering')
})

test('another reader gets the bytes until the connection comes back', () => {
  const away: string[] = []
  const rules = (traffic: Traffic): ClientRules =>
    Object.assign(new ProxyRules(traffic), {
      accept(_exchange: unknown, _bytes: Buffer, _from: number, _bodyFrom: number, end: number) {
        it.client.goAway()
        return end
      },
      receivedAway: (bytes: Buffer, length: number) =>
        void away.push(bytes.toString('latin1', 0, length)),
    })
  const it = bench(rules)
  it.receive(get)
  assert.equal(it.client.state, 'away')
  it.receive('body')
  assert.deepEqual(away, ['body'])
  const next = Buffer.from('GET / HTTP')
  it.client.comeBack(next, next.length)
  assert.equal(it.client.state, 'head')
})
