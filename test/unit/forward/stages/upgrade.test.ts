import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WantedUpgrade } from '../../../../src/forward/exchange-state.ts'
import { isWebSocket, switchedTo, wantedUpgrade } from '../../../../src/forward/stages/upgrade.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { ResponseHead } from '../../../../src/wire/http/response-head.ts'
import { requestText } from '../../../support/exchange-fixture.ts'

/** Key and answer are the example of RFC 6455 1.3. */
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const connection = 'Connection: Upgrade'

function wanted(line: string, ...fields: readonly string[]) {
  const head = new RequestHead()
  const bytes = Buffer.from(requestText(line, ...fields))
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  return wantedUpgrade(head)
}

test('a WebSocket handshake needs a key and version 13', () => {
  const upgrade = [connection, 'Upgrade: WebSocket']
  const version = 'Sec-WebSocket-Version: 13'
  assert.deepEqual(wanted('GET / HTTP/1.1', ...upgrade, key, version), {
    protocols: ['WebSocket'],
    accept,
  })
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, version), undefined)
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, key), undefined)
  assert.equal(wanted('POST / HTTP/1.1', ...upgrade, key, version), undefined)
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, key, version, 'Content-Length: 5'), undefined)
})

test('the node judges the version of a WebSocket handshake', () => {
  const fields = [connection, 'Upgrade: websocket', key, 'Sec-WebSocket-Version: 8']
  assert.equal(wanted('GET / HTTP/1.1', ...fields)?.accept, accept)
})

test('any method may switch to any protocol, with or without a body', () => {
  const framings = ['X: y', 'Content-Length: 0', 'Content-Length: 29', 'Transfer-Encoding: chunked']
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'LOCK']) {
    for (const name of ['tcp', 'raw', 'SPDY/3.1', 'chat', 'tls-tunnel', 'IRC/6.9']) {
      for (const framing of framings) {
        const upgrade = wanted(`${method} / HTTP/1.1`, connection, `Upgrade: ${name}`, framing)
        assert.deepEqual(upgrade, { protocols: [name], accept: undefined }, `${method} ${name}`)
      }
    }
  }
})

test('HTTP/1.0, and Upgrade without Connection, are ordinary requests', () => {
  assert.equal(wanted('GET / HTTP/1.0', connection, 'Upgrade: chat'), undefined)
  assert.equal(wanted('GET / HTTP/1.1', 'Upgrade: chat'), undefined)
  assert.equal(wanted('GET / HTTP/1.1', 'Connection: keep-alive', 'Upgrade: chat'), undefined)
})

test('HTTP itself is never a protocol to switch to, alone or in a list', () => {
  for (const name of ['h2c', 'H2C', 'h2', 'h2c-14', 'HTTP/2.0', 'http/1.1', 'h2c, HTTP/2.0']) {
    assert.equal(wanted('GET / HTTP/1.1', connection, `Upgrade: ${name}`), undefined, name)
  }
  const list = wanted('GET / HTTP/1.1', connection, 'Upgrade: h2c, chat/2 ,, other, websocket')
  assert.deepEqual(list, { protocols: ['chat/2', 'other'], accept: undefined })
})

test('an Upgrade value that is no protocol name is not forwarded', () => {
  for (const name of ['', ',', 'a b', 'a/b/c', '"tcp"', 'tcp;q=1', 'x'.repeat(65)]) {
    assert.equal(wanted('GET / HTTP/1.1', connection, `Upgrade: ${name}`), undefined, name)
  }
})

function upgraded(...fields: readonly string[]): boolean {
  return switched({ protocols: ['websocket'], accept }, ...fields)
}

function switched(wanted: WantedUpgrade, ...fields: readonly string[]): boolean {
  const head = new ResponseHead()
  const bytes = Buffer.from(
    `${['HTTP/1.1 101 Switching Protocols', ...fields].join('\r\n')}\r\n\r\n`,
  )
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  return switchedTo(head, wanted) !== undefined
}

test('the node must name the protocol and answer the key, without a body', () => {
  const upgrade = [connection, 'Upgrade: websocket']
  assert.equal(upgraded(...upgrade, `Sec-WebSocket-Accept: ${accept}`), true)
  assert.equal(upgraded(...upgrade, 'Sec-WebSocket-Accept: other'), false)
  assert.equal(upgraded(...upgrade), false)
  const accepted = [...upgrade, `Sec-WebSocket-Accept: ${accept}`]
  assert.equal(upgraded(...accepted, 'Content-Length: 1'), false)
  assert.equal(upgraded(...accepted, 'Transfer-Encoding: chunked'), false)
  assert.equal(upgraded(connection, 'Upgrade: chat', `Sec-WebSocket-Accept: ${accept}`), false)
  assert.equal(upgraded('Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`), false)
})

test('the node chooses one of the protocols of the request', () => {
  const offered = { protocols: ['SPDY/3.1', 'tcp'], accept: undefined }
  assert.equal(switched(offered, connection, 'Upgrade: tcp'), true)
  assert.equal(switched(offered, connection, 'Upgrade: spdy/3.1'), true)
  for (const other of ['spdy', 'websocket', 'h2c', '', ',tcp']) {
    assert.equal(switched(offered, connection, `Upgrade: ${other}`), false, other)
  }
})

test('a node may name protocols in layers, the lowest of which the request offers', () => {
  const offered = { protocols: ['foo/2', 'bar'], accept: undefined }
  for (const layers of ['foo/2, bar', 'Foo/2,BAR', 'bar , foo/2', 'foo/2, other', 'bar, other']) {
    assert.equal(switched(offered, connection, `Upgrade: ${layers}`), true, layers)
  }
  for (const layers of ['other, foo/2', 'foo, bar', 'foo/2, h2c', 'bar, HTTP/2.0']) {
    assert.equal(switched(offered, connection, `Upgrade: ${layers}`), false, layers)
  }
})

test('WebSocket in any layer needs the answer to the key', () => {
  const offered = { protocols: ['tcp', 'websocket'], accept }
  const upgrade = [connection, 'Upgrade: tcp, websocket']
  assert.equal(switched(offered, ...upgrade, `Sec-WebSocket-Accept: ${accept}`), true)
  assert.equal(switched(offered, ...upgrade), false)
  const withoutKey = { protocols: ['tcp'], accept: undefined }
  assert.equal(switched(withoutKey, ...upgrade), false)
})

test('frames of a WebSocket follow when nothing lies between them and the connection', () => {
  assert.equal(isWebSocket(['websocket']), true)
  assert.equal(isWebSocket(['tls/1.3', 'websocket']), false)
  assert.equal(isWebSocket(['chat']), false)
})
