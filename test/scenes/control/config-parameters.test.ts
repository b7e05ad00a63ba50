// Every parameter of CONFIG, from the message to its effect on clients. Each test fails when the parameter is ignored, except
// flushpackets, whose effect does not depend on its value.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { sendMessage } from '../../support/control-client.ts'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Proxy {
  readonly traffic: number
  readonly control: number
}

async function start(t: TestContext, env: Record<string, string> = {}): Promise<Proxy> {
  const proxy = await startServe(
    ['--workers', '0'],
    { TOPSPIN_CANDIDACY: 'mod_cluster', ...env },
    { deadlineMs: 60_000 },
  )
  t.after(() => proxy.child.kill('SIGKILL'))
  const port = (url: string): number => Number(new URL(url).port)
  return { traffic: port(proxy.traffic), control: port(proxy.control) }
}

/** Registers a node with one context, ENABLED, and a load factor unless it is to send none. */
async function register(
  { control }: Proxy,
  route: string,
  port: number,
  more: string = '',
  load: number | undefined = 100,
): Promise<void> {
  const config = `JVMRoute=${route}&Host=127.0.0.1&Port=${port}&Type=http&${more}`
  for (const [method, body] of [
    ['CONFIG', config.replace(/&$/, '')],
    ['ENABLE-APP', `JVMRoute=${route}&Alias=localhost&Context=/`],
    ['STATUS', `JVMRoute=${route}${load === undefined ? '' : `&Load=${load}`}`],
  ] as const) {
    const reply = await sendMessage(control, method, body)
    assert.match(reply.status, / 200 /, `${method} ${body}: ${reply.fields.get('mess')}`)
  }
}

/** Servers that answer with their names. */
function named(t: TestContext, ...names: string[]) {
  return Promise.all(
    names.map((name) => startNode(t, (request, res) => res.end(`${name} ${request.url}`))),
  )
}

const session = (route: string, cookie: string = 'JSESSIONID') => ({
  cookie: `${cookie}=x.${route}`,
})

async function who(
  proxy: Proxy,
  headers: Record<string, string> = {},
  path = '/',
): Promise<string> {
  const { status, text } = await get(proxy.traffic, path, headers)
  return status === 200 ? (text.split(' ', 1)[0] ?? '') : String(status)
}

const close = ({ server }: { server: { close(): void; closeAllConnections(): void } }): void => {
  server.closeAllConnections()
  server.close()
}

test('Domain: a session that loses its node stays in its failover group', async (t) => {
  const proxy = await start(t)
  const [a, b, c] = await named(t, 'a', 'b', 'c')
  await register(proxy, 'b', b!.port, 'Domain=west&StickySessionForce=No')
  await register(proxy, 'a', a!.port, 'Domain=east&StickySessionForce=No')
  await register(proxy, 'c', c!.port, 'Domain=east&StickySessionForce=No', 1)
  assert.equal(await who(proxy, session('a')), 'a')
  close(a!)
  for (let i = 0; i < 5; i++) assert.equal(await who(proxy, session('a')), 'c')
  close(c!)
  assert.equal(await who(proxy, session('a')), 'b', 'the domain is gone, too')
})

test('StickySessionForce: 503 without a domain, otherwise within the domain; No: served elsewhere', async (t) => {
  const proxy = await start(t)
  const [a, b, c] = await named(t, 'a', 'b', 'c')
  await register(proxy, 'a', a!.port)
  await register(proxy, 'b', b!.port)
  await register(proxy, 'c', c!.port, 'Domain=south')
  close(a!)
  assert.equal(await who(proxy, session('a')), '503')
  assert.notEqual(await who(proxy), '503')
  close(c!)
  assert.equal(await who(proxy, session('c')), '503')
  await register(proxy, 'b', b!.port, 'StickySessionForce=No')
  assert.equal(await who(proxy, session('a')), 'b')
})

test('StickySessionForce: a context stopped on its node is treated as a node that is gone', async (t) => {
  const proxy = await start(t)
  const [a, b] = await named(t, 'a', 'b')
  await register(proxy, 'a', a!.port)
  await register(proxy, 'b', b!.port)
  await sendMessage(proxy.control, 'STOP-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  assert.equal(await who(proxy, session('a')), '503')
  assert.equal(await who(proxy), 'b')
})

test('StickySession=No: a session goes to any node', async (t) => {
  const proxy = await start(t)
  const [a, b] = await named(t, 'a', 'b')
  for (const [sticky, expected] of [
    ['Yes', ['a']],
    ['No', ['a', 'b']],
  ] as const) {
    await register(proxy, 'a', a!.port, `StickySession=${sticky}`)
    await register(proxy, 'b', b!.port, `StickySession=${sticky}`)
    const seen = new Set<string>()
    for (let i = 0; i < 6; i++) seen.add(await who(proxy, session('a')))
    assert.deepEqual([...seen].sort(), expected)
  }
})

test('StickySessionCookie and StickySessionPath: where the session id is looked for', async (t) => {
  const proxy = await start(t)
  const [a, b] = await named(t, 'a', 'b')
  const names = 'StickySessionCookie=SID&StickySessionPath=sid'
  await register(proxy, 'a', a!.port, names)
  await register(proxy, 'b', b!.port, names)
  const seen = async (headers: Record<string, string>, path?: string): Promise<string> => {
    const nodes = new Set<string>()
    for (let i = 0; i < 4; i++) nodes.add(await who(proxy, headers, path))
    return [...nodes].sort().join()
  }
  assert.equal(await seen(session('b', 'SID')), 'b')
  assert.equal(await seen({}, '/x;sid=1.b'), 'b')
  assert.equal(await seen(session('b')), 'a,b')
  assert.equal(await seen({}, '/x;jsessionid=1.b'), 'a,b')
})

test('StickySessionRemove: the id is removed when the domain is left', async (t) => {
  const proxy = await start(t)
  const listener: RequestListener = (request, res) =>
    res.end(`${request.url} ${request.headers.cookie}`)
  const a = await startNode(t, listener)
  const b = await startNode(t, listener)
  const target = '/x;jsessionid=1.a'
  for (const [remove, expected] of [
    ['No', `${target} JSESSIONID=1.a; other=1`],
    ['Yes', '/x other=1'],
  ] as const) {
    const more = `StickySessionForce=No&StickySessionRemove=${remove}`
    await register(proxy, 'a', a.port, more)
    await register(proxy, 'b', b.port, more)
    await sendMessage(proxy.control, 'STOP-APP', 'JVMRoute=a&Alias=localhost&Context=/')
    const { text } = await get(proxy.traffic, target, { cookie: 'JSESSIONID=1.a; other=1' })
    assert.equal(text, expected)
  }
})

test('WaitWorker: a request waits up to that time for a node', async (t) => {
  const proxy = await start(t)
  const [a] = await named(t, 'a')
  const stop = (): Promise<unknown> => sendMessage(proxy.control, 'STOP-APP', 'JVMRoute=a', '/*')
  await register(proxy, 'a', a!.port)
  await stop()
  assert.equal(await who(proxy), '503')
  await register(proxy, 'a', a!.port, 'WaitWorker=20')
  await stop()
  const waiting = who(proxy)
  await sendMessage(proxy.control, 'ENABLE-APP', 'JVMRoute=a', '/*')
  assert.equal(await waiting, 'a')
})

test('Maxattempts: the number of further nodes that are tried after a failure', async (t) => {
  const proxy = await start(t)
  const breaking: RequestListener = (request, res) => {
    if (request.method === 'GET') request.socket.destroy()
    else res.end()
  }
  const nodes = [await startNode(t, breaking), await startNode(t, breaking)]
  const [good] = await named(t, 'good')
  for (const [attempts, expected] of [
    [0, '502'],
    [1, '502'],
    [2, 'good'],
  ] as const) {
    const balancer = `Balancer=m${attempts}&Maxattempts=${attempts}`
    const fresh = (name: string): string => `${name}${attempts}`
    await sendMessage(proxy.control, 'REMOVE-APP', `JVMRoute=${`good${attempts - 1}`}`, '/*')
    for (const [i, node] of nodes.entries()) {
      await sendMessage(proxy.control, 'REMOVE-APP', `JVMRoute=${i}x${attempts - 1}`, '/*')
      await register(proxy, fresh(`${i}x`), node.port, balancer)
    }
    // The last choice: it is used when no other node is left.
    await register(proxy, fresh('good'), good!.port, balancer, 0)
    assert.equal(await who(proxy), expected, `Maxattempts=${attempts}`)
  }
})

test('Timeout: the longest time to a response, and between two parts of it', async (t) => {
  const proxy = await start(t)
  const slow = await startNode(t)
  await register(proxy, 'a', slow.port, 'Timeout=1')
  const from = performance.now()
  assert.equal((await get(proxy.traffic, '/slow')).status, 504)
  assert.ok(performance.now() - from < 20_000, 'the default is a minute')
})

test('ping: the longest time to the answer of a CPING', async (t) => {
  const proxy = await start(t)
  const silent = createTcpServer(() => {})
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const config = `JVMRoute=a&Host=127.0.0.1&Port=${port}&Type=ajp&ping=`
  const ask = async (ping: string): Promise<string> => {
    await sendMessage(proxy.control, 'CONFIG', config + ping)
    const reply = await sendMessage(proxy.control, 'STATUS', 'JVMRoute=a&Load=1')
    assert.match(reply.body, /State=OK/, 'it accepts connections')
    const report = await sendMessage(proxy.control, 'GET', '', '/api/status')
    return report.body
  }
  assert.match(await ask('3'), /"health":"up"/)
  assert.match(await ask('100ms'), /"health":"suspect"/)
})

test('smax and ttl: smax idle connections stay open, the others close after ttl', async (t) => {
  const proxy = await start(t)
  for (const [smax, kept] of [
    [-1, 0],
    [2, 2],
  ] as const) {
    const held: ServerResponse[] = []
    const sockets = new Set<Socket>()
    const server = createServer((_, res) => {
      held.push(res)
    })
    server.keepAliveTimeout = 60_000
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => close({ server }))
    // Without a STATUS: its probe would be a connection, too.
    const route = `s${kept}`
    const { port } = server.address() as AddressInfo
    const config = `JVMRoute=${route}&Host=127.0.0.1&Port=${port}&Type=http&ttl=1&smax=${smax}`
    await sendMessage(proxy.control, 'CONFIG', config)
    const context = `/${route}`
    await sendMessage(
      proxy.control,
      'ENABLE-APP',
      `JVMRoute=${route}&Alias=localhost&Context=${context}`,
    )
    const asked = Array.from({ length: 4 }, () => get(proxy.traffic, context))
    await until('all are asked', () => held.length === 4)
    assert.equal(sockets.size, 4)
    // Node.js says Keep-Alive: timeout=60, which is longer than ttl.
    for (const res of held) res.end()
    await Promise.all(asked)
    await until(`${kept} are left`, () => sockets.size === kept)
    if (kept === 0) continue
    const [before] = [...sockets]
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    assert.ok(before !== undefined && sockets.has(before), 'longer than ttl')
  }
})

test('flushpackets and flushwait: every part is sent on at once, whatever their value', async (t) => {
  const proxy = await start(t)
  for (const flush of ['off', 'on', 'auto&flushwait=30000']) {
    let rest: ServerResponse | undefined
    const node = await startNode(t, (_, res) => {
      res.write('first')
      rest = res
    })
    const route = `f${flush.slice(0, 2)}`
    await register(proxy, route, node.port, `Balancer=${route}&flushpackets=${flush}`)
    const response = await fetch(`http://127.0.0.1:${proxy.traffic}/`)
    const reader = response.body!.getReader()
    const piece = await reader.read()
    assert.equal(Buffer.from(piece.value ?? []).toString(), 'first')
    rest?.end('rest')
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'rest')
    await sendMessage(proxy.control, 'REMOVE-APP', `JVMRoute=${route}`, '/*')
  }
})

test('Load: 0 is a hot standby; -1 accepts no new sessions but keeps its own', async (t) => {
  const proxy = await start(t)
  const [a, b] = await named(t, 'a', 'b')
  await register(proxy, 'a', a!.port, '', 0)
  await register(proxy, 'b', b!.port, '', 1)
  for (let i = 0; i < 4; i++) assert.equal(await who(proxy), 'b')
  assert.equal(await who(proxy, session('a')), 'a')
  await sendMessage(proxy.control, 'STATUS', 'JVMRoute=b&Load=-1')
  assert.equal(await who(proxy), 'a')
  assert.equal(await who(proxy, session('b')), 'b')
  await sendMessage(proxy.control, 'STATUS', 'JVMRoute=a&Load=-1')
  assert.equal(await who(proxy), '503')
})

test('Reversed: refused with the reason', async (t) => {
  const { control } = await start(t)
  for (const word of ['yes', 'true']) {
    const reply = await sendMessage(control, 'CONFIG', `JVMRoute=a&Reversed=${word}`)
    assert.equal(reply.fields.get('type'), 'SYNTAX')
    assert.match(reply.fields.get('mess') ?? '', /Reversed is not supported/)
  }
  assert.equal((await sendMessage(control, 'INFO')).body, '')
})

test('useAlias: a context is served under its own aliases only', async (t) => {
  for (const use of [false, true]) {
    const proxy = await start(t, { TOPSPIN_USE_ALIAS: String(use) })
    const [a] = await named(t, 'a')
    await register(proxy, 'a', a!.port)
    assert.equal(await who(proxy, { host: 'localhost' }), 'a')
    assert.equal(await who(proxy, { host: 'LocalHost:8000' }), 'a')
    assert.equal(await who(proxy, { host: 'other.test' }), use ? '404' : 'a')
  }
})

test('deterministicFailover: all requests of a lost session go to one node, by its id', async (t) => {
  const proxy = await start(t, { TOPSPIN_DETERMINISTIC_FAILOVER: 'true' })
  const [a, b, c] = await named(t, 'a', 'b', 'c')
  for (const [route, node] of [['c', c!] as const, ['a', a!] as const, ['b', b!] as const])
    await register(proxy, route, node.port, 'StickySessionForce=No')
  const lost = (id: string) => ({ cookie: `JSESSIONID=${id}.c` })
  assert.equal(await who(proxy, lost('even')), 'c')
  close(c!)
  // The sums of the bytes are 97 + 97 and 97 + 98; a and b are left, in this order.
  for (let i = 0; i < 4; i++) {
    assert.equal(await who(proxy, lost('aa')), 'a')
    assert.equal(await who(proxy, lost('ab')), 'b')
  }
})

test('noContextStatus: the status when no context is registered', async (t) => {
  const proxy = await start(t, { TOPSPIN_NO_CONTEXT_STATUS: '503' })
  assert.equal(await who(proxy), '503')
  assert.equal(await who(await start(t)), '404')
})

test('control.limits: registrations beyond a limit are refused, those within it stay', async (t) => {
  const { control } = await start(t, {
    TOPSPIN_CONTROL_LIMITS_NODES: '2',
    TOPSPIN_CONTROL_LIMITS_ALIASES: '3',
    TOPSPIN_CONTROL_LIMITS_CONTEXTS: '4',
    TOPSPIN_CONTROL_LIMITS_MESSAGE_BYTES: '1024',
  })
  const mess = async (body: string): Promise<string> => {
    const reply = await sendMessage(control, 'CONFIG', body)
    return reply.fields.get('mess') ?? 'ok'
  }
  assert.equal(await mess('JVMRoute=a&Port=1'), 'ok')
  assert.match(
    await mess('JVMRoute=b&Port=2&Alias=1,2,3,4&Context=/'),
    /^MEM: Can't update or insert host alias for node with "b" JVMRoute \(4\)$/,
  )
  assert.match(
    await mess('JVMRoute=a&Port=1&Alias=1&Context=/1,/2'),
    /^MEM: Can't update or insert/,
  )
  assert.match(await mess('JVMRoute=c&Port=3'), /^MEM: Can't update or insert node with "c"/)
  assert.equal(await mess(`JVMRoute=a&Port=1&X=${'x'.repeat(1_024)}`), 'SYNTAX: Message too big')
})
