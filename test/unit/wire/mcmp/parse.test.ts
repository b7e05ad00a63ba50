// Accepted and refused messages (mcmp.md 1.2 to 1.5): one row for each rule.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Method } from '../../../../src/wire/mcmp/message.ts'
import {
  isWildcard,
  type MessageRequest,
  methodOf,
  parseMessage,
} from '../../../../src/wire/mcmp/parse.ts'

const unreadable =
  "SYNTAX: Can't parse MCMP message. It might have contained illegal symbols or unknown elements."

function parse(
  method: Method,
  body: string,
  more: Partial<Omit<MessageRequest, 'method' | 'body'>> = {},
) {
  const nothing = { target: '/', userAgent: '', contentType: '', accept: '' }
  return parseMessage({ ...nothing, ...more, method, body: Buffer.from(body) })
}

function message(method: Method, body: string, more: Parameters<typeof parse>[2] = {}) {
  const parsed = parse(method, body, more)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.message
}

const many = (count: number): string =>
  Array.from({ length: count }, (_, index) => `/${index.toString(36)}`).join(',')

const refused: readonly [method: Method, body: string, text: string][] = [
  ...(['CONFIG', 'ENABLE-APP', 'DISABLE-APP', 'STOP-APP', 'REMOVE-APP'] as const).map(
    (method): [Method, string, string] => [
      method,
      `JVMRoute=a&Alias=${many(201)}&Context=${many(100)}`,
      'SYNTAX: Alias times Context is more than 20000',
    ],
  ),
  ['CONFIG', '', unreadable],
  ['CONFIG', 'JVMRoute=&Port=80', unreadable],
  ['CONFIG', 'JVMRoute=a&Host', unreadable],
  ['CONFIG', 'JVMRoute=a&', unreadable],
  ['CONFIG', 'JVMRoute=a=b', unreadable],
  ['CONFIG', '=a', unreadable],
  ['CONFIG', 'JVMRoute=a%3Cb', unreadable],
  ['CONFIG', "JVMRoute=a'b", unreadable],
  ['CONFIG', 'JVMRoute=a\n', unreadable],
  ['CONFIG', 'JVMRoute=a%00', unreadable],
  ['CONFIG', 'JVMRoute=%ff', unreadable],
  ['CONFIG', 'Port=80', "SYNTAX: JVMRoute can't be empty"],
  ['CONFIG', `JVMRoute=${'r'.repeat(64)}`, 'SYNTAX: JVMRoute field too big'],
  ['CONFIG', `JVMRoute=${'%C3%A9'.repeat(32)}`, 'SYNTAX: JVMRoute field too big'],
  ['CONFIG', 'JVMRoute=REMOVED', 'SYNTAX: JVMRoute is reserved or not allowed'],
  ['CONFIG', 'JVMRoute=a%2Cb', 'SYNTAX: JVMRoute is reserved or not allowed'],
  ['CONFIG', `JVMRoute=a&Balancer=${'b'.repeat(40)}`, 'SYNTAX: Balancer field too big'],
  ['CONFIG', `JVMRoute=a&Domain=${'d'.repeat(20)}`, 'SYNTAX: LBGroup field too big'],
  ['CONFIG', 'JVMRoute=a&Domain=d,Load: 100', 'SYNTAX: LBGroup field has bad value'],
  ['CONFIG', `JVMRoute=a&Host=${'h'.repeat(64)}`, 'SYNTAX: Host field too big'],
  ['CONFIG', 'JVMRoute=a&Host=a b', 'SYNTAX: Host field has bad value'],
  ['CONFIG', 'JVMRoute=a&Port=1234567', 'SYNTAX: Port field too big'],
  ['CONFIG', 'JVMRoute=a&Port=65536', 'SYNTAX: Port field has bad value'],
  ['CONFIG', 'JVMRoute=a&Port=80x', 'SYNTAX: Port field has bad value'],
  ['CONFIG', `JVMRoute=a&Type=${'t'.repeat(16)}`, 'SYNTAX: Type field too big'],
  ['CONFIG', `JVMRoute=a&StickySessionCookie=${'c'.repeat(30)}`, 'SYNTAX: A field is too big'],
  ['CONFIG', `JVMRoute=a&StickySessionPath=${'c'.repeat(30)}`, 'SYNTAX: A field is too big'],
  ['CONFIG', 'JVMRoute=a&flushwait=-1', 'SYNTAX: Flushwait field has bad value'],
  ['CONFIG', 'JVMRoute=a&ping=soon', 'SYNTAX: Ping field has bad value'],
  ['CONFIG', 'JVMRoute=a&ttl=-1', 'SYNTAX: TTL field has bad value'],
  ['CONFIG', 'JVMRoute=a&Timeout=1d', 'SYNTAX: Timeout field has bad value'],
  ['CONFIG', 'JVMRoute=a&Alias=x', 'SYNTAX: Alias without Context'],
  ['CONFIG', 'JVMRoute=a&Context=/x', 'SYNTAX: Context without Alias'],
  ['CONFIG', `JVMRoute=a&Context=/x&Alias=${'x'.repeat(255)}`, 'SYNTAX: Alias field too big'],
  ['CONFIG', `JVMRoute=a&Alias=x&Context=/${'x'.repeat(79)}`, 'SYNTAX: Context field too big'],
  ['CONFIG', 'JVMRoute=a&Alias=x,&Context=/x', 'TODO: Empty Alias is not allowed'],
  ['CONFIG', 'JVMRoute=a&Alias=x&Context=/x,,/y', 'TODO: Empty Context is not allowed'],
  ['CONFIG', 'ttl=-1&Alias=x', 'SYNTAX: TTL field has bad value'],
  ['ENABLE-APP', '', unreadable],
  ['ENABLE-APP', 'JVMRoute', unreadable],
  ['ENABLE-APP', 'Alias=x&Context=/x', "SYNTAX: JVMRoute can't be empty"],
  ['STOP-APP', 'JVMRoute=a', 'SYNTAX: No Context and Alias in APP command'],
  ['STOP-APP', 'JVMRoute=a&Alias=x&Context=', 'SYNTAX: Alias without Context'],
  ['REMOVE-APP', 'JVMRoute=a&Context=/x', 'SYNTAX: Context without Alias'],
  ['DISABLE-APP', `JVMRoute=a&Alias=x&Context=/${'x'.repeat(79)}`, 'SYNTAX: Context field too big'],
  ['STATUS', '', 'SYNTAX: Invalid field "" in message'],
  ['STATUS', 'JVMRoute', unreadable],
  ['STATUS', 'Load=5', 'TODO: No JVMRoute given!'],
  ['STATUS', 'JVMRoute=&Load=5', 'TODO: No JVMRoute given!'],
  ['STATUS', 'JVMRoute=a&Load=101', 'TODO: Bad value for Load'],
  ['STATUS', 'JVMRoute=a&Load=-2', 'TODO: Bad value for Load'],
  ['STATUS', 'JVMRoute=a&Load=5x', 'TODO: Bad value for Load'],
  ['STATUS', 'JVMRoute=a&Load=5.0', 'TODO: Bad value for Load'],
  ['STATUS', 'JVMRoute=a&Speed=1', 'SYNTAX: Invalid field "Speed" in message'],
  ['PING', 'Speed=1', 'SYNTAX: Invalid field "Speed" in message'],
  ['PING', 'Scheme=http&Host=h', 'SYNTAX: Mandatory field(s) missing in message'],
  ['PING', 'Host=h&Port=80', 'SYNTAX: Mandatory field(s) missing in message'],
  ['PING', 'Scheme=udp&Host=h&Port=80', 'PING Unsupported scheme: udp'],
]

describe('messages that are refused', () => {
  for (const [method, body, text] of refused) {
    test(`${method} ${body.slice(0, 60)} is answered ${text.slice(0, 60)}`, () => {
      assert.deepEqual(parse(method, body), { ok: false, type: 'SYNTAX', text })
    })
  }
})

describe('CONFIG', () => {
  test('keys are case-insensitive and the last of a repeated one applies', () => {
    const read = message('CONFIG', 'jvmroute=a&JVMROUTE=b&tYpE=http')
    assert.deepEqual(read, {
      method: 'CONFIG',
      route: 'b',
      type: 'http',
      aliases: [],
      contexts: [],
    })
  })

  test('every field is converted to its unit', () => {
    const body =
      'JVMRoute=n&Balancer=Big&Domain=east&Host=[fe80::1%25eth0]&Port=8080&Type=http&Reversed=true&flushpackets=Auto' +
      '&flushwait=25&ping=2min&smax=3&ttl=1500ms&Timeout=30&StickySession=no&StickySessionCookie=SID' +
      '&StickySessionPath=sid&StickySessionRemove=On&StickySessionForce=off&WaitWorker=4000&Maxattempts=2' +
      '&Alias=A.test,b.test&Alias=a.TEST&Context=/x&Context=/y,/x&Unknown=1'
    assert.deepEqual(message('CONFIG', body), {
      method: 'CONFIG',
      route: 'n',
      balancer: 'big',
      domain: 'east',
      host: 'fe80::1',
      port: 8080,
      type: 'http',
      reversed: true,
      flushPackets: 'auto',
      flushWaitMs: 25,
      pingMs: 120_000,
      smax: 3,
      ttlMs: 1500,
      timeoutMs: 30_000,
      stickySession: false,
      stickySessionCookie: 'SID',
      stickySessionPath: 'sid',
      stickySessionRemove: true,
      stickySessionForce: false,
      waitWorkerMs: 4_000_000,
      maxAttempts: 2,
      aliases: ['A.test', 'b.test'],
      contexts: ['/x', '/y'],
    })
  })

  test('invalid booleans and integers are ignored and reported', () => {
    const body =
      'JVMRoute=a&StickySession=maybe&smax=many&Maxattempts=-4&WaitWorker=1.5&flushpackets=sometimes'
    assert.deepEqual(parse('CONFIG', body), {
      ok: true,
      message: { method: 'CONFIG', route: 'a', aliases: [], contexts: [] },
      ignored: ['stickySession', 'smax', 'maxAttempts', 'waitWorker', 'flushPackets'],
    })
  })

  test('invalid percent sequences stay as they are', () => {
    assert.equal((message('CONFIG', 'JVMRoute=x%zz%4') as { route: string }).route, 'x%zz%4')
  })
})

test('an HTTP field of STATUS marks a load factor from default metrics', () => {
  const status = { method: 'STATUS', route: 'a', load: 9 }
  const parsed = (loadSource?: string) =>
    message('STATUS', 'JVMRoute=a&Load=9', loadSource === undefined ? {} : { loadSource })
  assert.deepEqual(parsed('default-metrics'), { ...status, isDefaultLoad: true })
  for (const source of [undefined, '', 'something else']) assert.deepEqual(parsed(source), status)
})

test('an HTTP field of STATUS has the values behind the load factor', () => {
  const loadMetrics = 'memory;value=0.5;capacity=1;load=0.4'
  assert.deepEqual(message('STATUS', 'JVMRoute=a&Load=9', { loadMetrics }), {
    method: 'STATUS',
    route: 'a',
    load: 9,
    metrics: [{ name: 'memory', value: 0.5, capacity: 1, load: 0.4, weight: null }],
  })
})

describe('plus signs', () => {
  const route = (more: Parameters<typeof parse>[2]) =>
    (message('STATUS', 'JVMRoute=a+b', more) as { route: string }).route

  test('are literal by default, as in httpd', () => assert.equal(route({}), 'a+b'))
  test('are spaces from Java nodes', () =>
    assert.equal(route({ userAgent: 'ClusterListener/1.0' }), 'a b'))
  test('are spaces in form bodies', () =>
    assert.equal(route({ contentType: 'Application/X-WWW-Form-Urlencoded; charset=utf-8' }), 'a b'))
})

describe('targets and methods', () => {
  test('a star or a path that ends in /* means the whole node', () => {
    for (const target of ['*', '/*', '//*', '/foo/*', 'http://h:1/*'])
      assert.ok(isWildcard(target), target)
    for (const target of ['/', '/x', '/x*', '/*/', '']) assert.ok(!isWildcard(target), target)
  })

  test('a wildcard command needs the route alone', () => {
    const read = message('STOP-APP', 'JVMRoute=a&Alias=x', { target: '//*' })
    assert.deepEqual(read, {
      method: 'STOP-APP',
      wildcard: true,
      route: 'a',
      aliases: [],
      contexts: [],
    })
  })

  test('methods are case-insensitive, replies and others are no methods', () => {
    assert.equal(methodOf('Enable-App'), 'ENABLE-APP')
    assert.equal(methodOf('STATUS-RSP'), undefined)
    assert.equal(methodOf('GET'), undefined)
  })

  test('Accept decides between text and XML', () => {
    assert.deepEqual(message('INFO', 'junk', { accept: 'a/b, text/xml;q=1' }), {
      method: 'INFO',
      xml: true,
    })
    assert.deepEqual(message('DUMP', '', { accept: 'text/plain' }), { method: 'DUMP', xml: false })
  })
})

describe('PING', () => {
  test('a route makes the address irrelevant', () => {
    assert.deepEqual(message('PING', 'JVMRoute=a&Scheme=udp'), { method: 'PING', route: 'a' })
  })

  test('scheme, host and port together name an address', () => {
    const address = { scheme: 'http', host: 'h', port: 80 }
    assert.deepEqual(message('PING', 'Scheme=HTTP&Host=h&Port=80'), { method: 'PING', address })
  })
})
