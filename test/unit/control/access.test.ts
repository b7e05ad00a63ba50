import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  admitToPage,
  type Denial,
  messageDenial,
  ownHostCheck,
} from '../../../src/control/access.ts'
import { Identities } from '../../../src/control/identity.ts'
import { type FramedRequest, FrameReader } from '../../../src/wire/mcmp/frame.ts'

const isOwnHost = ownHostCheck(['proxy.example', '.apps.test'])

function request(...fields: string[]): FramedRequest {
  const reader = new FrameReader()
  reader.push(
    Buffer.from(`POST / HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`),
  )
  const event = reader.next()
  assert.ok(event?.kind === 'request')
  return event.request
}

const here = { remote: '127.0.0.1', acceptsMessages: true }

function denialOf(
  asked: FramedRequest,
  secret: string,
  kind: 'message' | 'page' | 'action',
): Denial | undefined {
  if (kind === 'message') return messageDenial(asked, secret)
  const admitted = admitToPage(asked, here, new Identities(secret, []), isOwnHost)
  return typeof admitted === 'string' ? admitted : undefined
}

test('a secret is required exactly as configured, and none without one', () => {
  assert.equal(denialOf(request(), '', 'message'), undefined)
  assert.equal(denialOf(request(), '12345678', 'message'), 'secret')
  assert.equal(denialOf(request('Authorization: Bearer 1234567'), '12345678', 'message'), 'secret')
  assert.equal(
    denialOf(request('Authorization: Bearer 123456789'), '12345678', 'message'),
    'secret',
  )
  assert.equal(
    denialOf(request('Authorization: bearer 12345678'), '12345678', 'message'),
    undefined,
  )
})

test('two tokens in one request are none', () => {
  const [one, other] = ['Authorization: Bearer 12345678', 'Authorization: Bearer 87654321']
  for (const kind of ['message', 'page'] as const)
    for (const fields of [
      [one, other],
      [other, one],
      [one, one],
    ])
      assert.equal(denialOf(request('Host: proxy', ...fields), '12345678', kind), 'secret')
})

test('a web page may act on the listener that served it, but never send a message', () => {
  const own = request('Host: proxy:6680', 'Origin: http://proxy:6680')
  assert.equal(denialOf(own, '', 'page'), undefined)
  assert.equal(denialOf(own, '', 'message'), 'origin')
  for (const origin of ['http://evil.example', 'null', 'http://proxy:6681'])
    assert.equal(denialOf(request('Host: proxy:6680', `Origin: ${origin}`), '', 'page'), 'origin')
})

test('pages and their forms are for the names of the listener, whatever its address', () => {
  for (const kind of ['page', 'action'] as const) {
    const rebound = request('Host: evil.example:7777', 'Origin: http://evil.example:7777')
    assert.equal(denialOf(rebound, '', kind), 'host')
    assert.equal(denialOf(request('Host: evil.example'), '', kind), 'host')
    assert.equal(denialOf(request('Host: localhost:7777'), '', kind), undefined)
    assert.equal(denialOf(request('Host: proxy.example:80'), '', kind), undefined)
    const known = request('Host: other.example', 'Authorization: Bearer 12345678')
    assert.equal(denialOf(known, '12345678', kind), undefined)
  }
  assert.equal(denialOf(request('Host: evil.example'), '', 'message'), undefined)
})

test('addresses, names without dots and configured names are own hosts', () => {
  for (const host of [
    '',
    'localhost',
    'localhost:6666',
    'localhost.',
    'x.localhost',
    'topspin:6666',
    '127.0.0.1:6666',
    '[::1]:80',
    '[::1]',
    '10.0.0.1',
    'PROXY.example:6666',
    'proxy.example.',
    'a.b.apps.test',
  ])
    assert.equal(isOwnHost(host), true, host)
  for (const host of [
    'evil.example',
    'evil.example:6666',
    'evil.example.',
    '127.0.0.1.evil.example',
    'localhost.evil',
    'apps.test',
    'xapps.test',
    'sub.proxy.example',
    '1.2.3',
    '0x7f.1',
  ])
    assert.equal(isOwnHost(host), false, host)
})

test('a Host that is no authority is not that of this listener', () => {
  for (const host of ['localhost', 'localhost:6666', '[::1]:6666', '10.0.0.1', 'proxy', ''])
    assert.equal(isOwnHost(host), true, host)
  for (const host of [
    'evil@localhost',
    'localhost:6666:1',
    'localhost:',
    '[::1',
    'localhost:x',
    "evil'",
    'evil.test:80',
  ])
    assert.equal(isOwnHost(host), host === 'localhost:' || host === "evil'", host)
})

test('the authority of an absolute target counts', () => {
  const reader = new FrameReader()
  reader.push(Buffer.from('GET http://evil.example/api/status HTTP/1.1\r\n\r\n'))
  const event = reader.next()
  assert.ok(event?.kind === 'request')
  assert.equal(denialOf(event.request, '', 'page'), 'host')
})

test('a browser says from which site an action comes', () => {
  const from = (site: string) =>
    denialOf(request('Host: proxy', `Sec-Fetch-Site: ${site}`), '', 'action')
  assert.equal(from('same-origin'), undefined)
  assert.equal(from('none'), undefined)
  for (const site of ['cross-site', 'same-site']) assert.equal(from(site), 'origin')
})
