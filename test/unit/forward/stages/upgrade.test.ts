import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUpgraded, wantedUpgrade } from '../../../../src/forward/stages/upgrade.ts'
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
    protocol: 'websocket',
    accept,
  })
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, version), undefined)
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, key), undefined)
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, key, 'Sec-WebSocket-Version: 8'), undefined)
})

test('only a GET of HTTP/1.1 without a body may switch protocols', () => {
  const upgrade = [connection, 'Upgrade: chat']
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade)?.protocol, 'chat')
  assert.equal(wanted('POST / HTTP/1.1', ...upgrade), undefined)
  assert.equal(wanted('GET / HTTP/1.0', ...upgrade), undefined)
  assert.equal(wanted('GET / HTTP/1.1', ...upgrade, 'Content-Length: 1'), undefined)
  assert.equal(wanted('GET / HTTP/1.1', 'Upgrade: chat'), undefined)
})

test('cleartext HTTP/2 and lists of protocols are not forwarded', () => {
  for (const name of ['h2c', 'H2C', 'chat, other']) {
    assert.equal(wanted('GET / HTTP/1.1', connection, `Upgrade: ${name}`), undefined, name)
  }
})

function upgraded(...fields: readonly string[]): boolean {
  const head = new ResponseHead()
  const bytes = Buffer.from(
    `${['HTTP/1.1 101 Switching Protocols', ...fields].join('\r\n')}\r\n\r\n`,
  )
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  return isUpgraded(head, { protocol: 'websocket', accept })
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
