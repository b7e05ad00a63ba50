import assert from 'node:assert/strict'
import { test } from 'node:test'
import { denialOf, isPlainHost } from '../../../src/control/access.ts'
import { type FramedRequest, FrameReader } from '../../../src/wire/mcmp/frame.ts'

function request(...fields: string[]): FramedRequest {
  const reader = new FrameReader()
  reader.push(
    Buffer.from(`POST / HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`),
  )
  const event = reader.next()
  assert.ok(event?.kind === 'request')
  return event.request
}

test('a secret is required exactly as configured, and none without one', () => {
  assert.equal(denialOf(request(), '', 'message', false), undefined)
  assert.equal(denialOf(request(), '12345678', 'message', false), 'secret')
  assert.equal(
    denialOf(request('Authorization: Bearer 1234567'), '12345678', 'message', false),
    'secret',
  )
  assert.equal(
    denialOf(request('Authorization: Bearer 123456789'), '12345678', 'message', false),
    'secret',
  )
  assert.equal(
    denialOf(request('Authorization: bearer 12345678'), '12345678', 'message', false),
    undefined,
  )
})

test('a web page may act on the listener that served it, but never send a message', () => {
  const own = request('Host: proxy:6680', 'Origin: http://proxy:6680')
  assert.equal(denialOf(own, '', 'page', false), undefined)
  assert.equal(denialOf(own, '', 'message', false), 'origin')
  for (const origin of ['http://evil.example', 'null', 'http://proxy:6681'])
    assert.equal(
      denialOf(request('Host: proxy:6680', `Origin: ${origin}`), '', 'page', false),
      'origin',
    )
})

test('without a secret a form on a loopback address is refused under a foreign host name', () => {
  const rebound = request('Host: evil.example:7777', 'Origin: http://evil.example:7777')
  assert.equal(denialOf(rebound, '', 'action', true), 'host')
  assert.equal(denialOf(rebound, '', 'page', true), undefined)
  assert.equal(denialOf(rebound, '', 'action', false), undefined)
  assert.equal(denialOf(request('Host: localhost:7777'), '', 'action', true), undefined)
  const known = request('Host: proxy.example', 'Authorization: Bearer 12345678')
  assert.equal(denialOf(known, '12345678', 'action', true), undefined)
})

test('addresses and names of this machine are plain hosts', () => {
  for (const host of ['', 'localhost', 'localhost:6666', '127.0.0.1:6666', '[::1]:80', '10.0.0.1'])
    assert.equal(isPlainHost(host), true, host)
  for (const host of [
    'evil.example',
    'evil.example:6666',
    '127.0.0.1.evil.example',
    'localhost.evil',
  ])
    assert.equal(isPlainHost(host), false, host)
})
