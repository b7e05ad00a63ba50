// The proxy's own sticky cookie through `topspin serve`: over restarts and several proxies, when nodes leave, over AJP and
// TLS, for WebSockets, and its configuration.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { rawAjp, startAjpOrigin } from '../../support/ajp-origin.ts'
import { endResponse, sendBody, sendHeaders } from '../../support/ajp-packets.ts'
import { sendMessage } from '../../support/control-client.ts'
import { type Answer, get, startNode } from '../../support/node-server.ts'
import { type Running, startServe, topspin } from '../../support/topspin.ts'
import { webSocket, webSocketServer } from '../../support/web-socket.ts'

interface AppNode {
  readonly name: string
  readonly port: number
  /** Value of Cookie in the last request. */
  seen: string | undefined
  close(): void
}

/** `/login` begins a session, as express-session does. */
async function startApp(t: TestContext, name: string): Promise<AppNode> {
  const app: AppNode = { name, port: 0, seen: undefined, close: () => {} }
  const handler: RequestListener = (request, response) => {
    app.seen = request.headers.cookie
    if (request.url?.endsWith('/login') === true)
      response.setHeader('Set-Cookie', [
        `connect.sid=s%3A${name}.sig; Path=/; HttpOnly`,
        'lang=de; Max-Age=60',
      ])
    response.end(name)
  }
  const { server, port } = await startNode(t, handler)
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return Object.assign(app, { port, close })
}

interface Proxy {
  readonly running: Running
  readonly traffic: number
  readonly control: number
}

async function startProxy(
  t: TestContext,
  nodes: readonly AppNode[],
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Proxy> {
  const to = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const running = await startServe(['--to', to, ...args], env, { deadlineMs: 60_000 })
  t.after(() => running.child.kill('SIGKILL'))
  const port = (url: string): number => Number(new URL(url).port)
  return { running, traffic: port(running.traffic), control: port(running.control) }
}

const linesOf = ({ headers }: Answer): readonly string[] =>
  [headers['set-cookie'] ?? []].flat() as string[]
const stickyLine = (answer: Answer): string | undefined =>
  linesOf(answer).find((line) => line.startsWith('TOPSPIN='))
const pairOf = (line: string | undefined): string => line?.split(';', 1)[0] ?? ''

async function login({ traffic }: Proxy): Promise<{ node: string; cookie: string }> {
  const answer = await get(traffic, '/login')
  const cookie = pairOf(stickyLine(answer))
  assert.match(cookie, /^TOPSPIN=[\w-]{55}$/)
  assert.equal(linesOf(answer).length, 3)
  assert.equal(linesOf(answer)[1], 'lang=de; Max-Age=60')
  return { node: answer.text, cookie }
}

async function steer({ control }: Proxy, method: string, { port }: AppNode): Promise<void> {
  const { status } = await sendMessage(control, method, `JVMRoute=127-0-0-1-${port}`, '/*')
  assert.match(status, / 200 /)
}

for (const workers of ['0', '2']) {
  test(`a session stays over restarts and at another proxy, ${workers} workers`, async (t) => {
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => startApp(t, name)))
    const args = ['--workers', workers]
    const first = await startProxy(t, nodes, args)
    const sessions = await Promise.all(Array.from({ length: 12 }, () => login(first)))
    assert.ok(new Set(sessions.map(({ node }) => node)).size > 1)
    first.running.child.kill('SIGKILL')
    await first.running.ended
    const proxies = [
      await startProxy(t, nodes, args),
      await startProxy(t, nodes.toReversed(), args),
    ]
    for (const { node, cookie } of sessions) {
      for (const { traffic } of proxies) {
        for (let i = 0; i < 3; i++) {
          const answer = await get(traffic, '/', { cookie: `a=1; ${cookie}; b=2` })
          assert.equal(answer.text, node)
          assert.deepEqual(linesOf(answer), [])
        }
      }
      assert.equal(nodes.find(({ name }) => name === node)?.seen, 'a=1; b=2')
    }
  })
}

test('a disabled node keeps its sessions; they move when it is stopped, and stay where they are', async (t) => {
  const nodes = await Promise.all(['a', 'b', 'c'].map((name) => startApp(t, name)))
  const proxy = await startProxy(t, nodes)
  const { node, cookie } = await login(proxy)
  const own = nodes.find(({ name }) => name === node) as AppNode
  await steer(proxy, 'DISABLE-APP', own)
  for (let i = 0; i < 6; i++) {
    assert.equal((await get(proxy.traffic, '/', { cookie })).text, node)
    assert.notEqual((await get(proxy.traffic, '/')).text, node)
  }
  await steer(proxy, 'STOP-APP', own)
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => get(proxy.traffic, '/', { cookie })),
  )
  const [moved = ''] = answers.map(({ text }) => text)
  assert.notEqual(moved, node)
  for (const answer of answers) {
    assert.equal(answer.text, moved, 'parallel requests of a client stay together')
    assert.notEqual(stickyLine(answer), undefined)
  }
  const next = pairOf(stickyLine(answers[0] as Answer))
  await steer(proxy, 'ENABLE-APP', own)
  const after = await get(proxy.traffic, '/', { cookie: next })
  assert.deepEqual([after.text, linesOf(after)], [moved, []])
})

test('the session of a node that dies gets a new cookie, and the request another node', async (t) => {
  const nodes = await Promise.all(['a', 'b'].map((name) => startApp(t, name)))
  const proxy = await startProxy(t, nodes)
  const { node, cookie } = await login(proxy)
  nodes.find(({ name }) => name === node)?.close()
  const answer = await get(proxy.traffic, '/', { cookie })
  assert.equal(answer.status, 200)
  assert.notEqual(answer.text, node)
  const again = await get(proxy.traffic, '/', { cookie: pairOf(stickyLine(answer)) })
  assert.deepEqual([again.text, linesOf(again)], [answer.text, []])
})

test('a forged cookie is none, and explain shows it', async (t) => {
  const nodes = await Promise.all(['a', 'b'].map((name) => startApp(t, name)))
  const secret = { TOPSPIN_STICKY_INSERT_SECRET: 'of-the-proxies' }
  const proxy = await startProxy(t, nodes, [], secret)
  const { cookie } = await login(proxy)
  const unsigned = await login(await startProxy(t, nodes))
  const explained = async (sent: string, ...more: string[]): Promise<string> => {
    const control = `127.0.0.1:${proxy.control}`
    const { stdout } = await topspin(
      'explain',
      '/',
      '--control',
      control,
      '--cookie',
      sent,
      ...more,
    )
    return stdout
  }
  assert.match(await explained(cookie), /session of 127-0-0-1-\d+ by the cookie TOPSPIN/)
  assert.match(await explained(cookie), /^cookie TOPSPIN of the proxy: auto$/m)
  for (const forged of ['TOPSPIN=x', `${cookie.slice(0, -1)}_`, unsigned.cookie]) {
    assert.match(await explained(forged), /no session \(the cookie TOPSPIN is not valid\)/)
    const answer = await get(proxy.traffic, '/', { cookie: forged })
    assert.deepEqual(linesOf(answer), [])
    assert.equal(nodes.find(({ name }) => name === answer.text)?.seen, undefined)
    await login(proxy)
  }
})

test('the cookie is Secure where a trusted proxy has received the request over HTTPS', async (t) => {
  const node = await startApp(t, 'a')
  const trusting = await startProxy(t, [node], [], { TOPSPIN_TRUST: '127.0.0.1' })
  const strict = await startProxy(t, [node])
  for (const [{ traffic }, fields, isSecure] of [
    [trusting, { 'x-forwarded-proto': 'https' }, true],
    [trusting, { forwarded: 'for=10.0.0.1;proto=https' }, true],
    [trusting, { 'x-forwarded-proto': 'http' }, false],
    [trusting, {}, false],
    [strict, { 'x-forwarded-proto': 'https' }, false],
  ] as const) {
    const line = stickyLine(await get(traffic, '/login', fields))
    assert.equal(line?.includes('; Secure'), isSecure, JSON.stringify(fields))
  }
})

test('SIGHUP changes name and lifetime, and turns the cookie off', async (t) => {
  const nodes = await Promise.all(['a', 'b'].map((name) => startApp(t, name)))
  const folder = mkdtempSync(join(tmpdir(), 'topspin-sticky-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'topspin.yaml')
  const write = (sticky: string): void =>
    writeFileSync(file, `to: [${nodes.map(({ port }) => port).join(', ')}]\n${sticky}`)
  write('')
  const running = await startServe(['--config', file, '--workers', '2'], {}, { deadlineMs: 60_000 })
  t.after(() => running.child.kill('SIGKILL'))
  const port = Number(new URL(running.traffic).port)
  const reload = async (sticky: string): Promise<readonly string[]> => {
    const before = running.printed.stdout.length
    write(sticky)
    running.child.kill('SIGHUP')
    await running.sees(new RegExp(`^[\\s\\S]{${before},}configuration reloaded`))
    return linesOf(await get(port, '/login', { connection: 'close' }))
  }
  const [, , named] = await reload('sticky: { insert: { name: NODE, ttl: 1h, sameSite: off } }\n')
  assert.match(named ?? '', /^NODE=[\w-]{55}; Path=\/; Max-Age=3600; HttpOnly$/)
  assert.equal((await reload('sticky: { insert: off }\n')).length, 2)
  assert.doesNotMatch(running.printed.stdout, /need a restart/)
})

test('requests with one key go to one node', async (t) => {
  const nodes = await Promise.all(['a', 'b', 'c'].map((name) => startApp(t, name)))
  const keys = { TOPSPIN_STICKY_HEADER: 'X-Session', TOPSPIN_STICKY_QUERY: 'session' }
  const proxy = await startProxy(t, nodes, ['--workers', '2'], keys)
  const seen = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const { text } = await get(proxy.traffic, '/', { 'x-session': `user ${i}` })
    seen.add(text)
    const query = `/a?session=user-${i}`
    const byQuery = (await get(proxy.traffic, query)).text
    for (let again = 0; again < 3; again++) {
      assert.equal((await get(proxy.traffic, '/b', { 'x-session': `user ${i}` })).text, text)
      assert.equal((await get(proxy.traffic, query)).text, byQuery)
    }
  }
  assert.equal(seen.size, 3)
})

test('a container behind AJP13 that sends no route gets the cookie, one that does gets none', async (t) => {
  const origins = await Promise.all([startAjpOrigin(t), startAjpOrigin(t)])
  const proxy = await startProxy(t, [])
  for (const [index, { port }] of origins.entries()) {
    const node = `JVMRoute=j${index}&Host=127.0.0.1&Port=${port}&Type=ajp&StickySessionForce=No`
    await sendMessage(proxy.control, 'CONFIG', node)
    await sendMessage(proxy.control, 'ENABLE-APP', `JVMRoute=j${index}&Alias=localhost&Context=/`)
  }
  const answering = (id: string): string => {
    const fields: [string, string][] = [['Set-Cookie', `JSESSIONID=${id}; Path=/; HttpOnly`]]
    return rawAjp(Buffer.concat([sendHeaders(200, fields), sendBody('ok'), endResponse()]))
  }
  const plain = await get(proxy.traffic, answering('abc'))
  assert.equal(linesOf(plain).length, 2)
  const cookie = pairOf(stickyLine(plain))
  const own = origins.findIndex(({ seen }) => seen.length > 0)
  for (let i = 0; i < 6; i++) {
    const answer = await get(proxy.traffic, answering('abc'), {
      cookie: `JSESSIONID=abc; ${cookie}`,
    })
    assert.equal(linesOf(answer).length, 1)
  }
  assert.deepEqual(
    origins.map(({ seen }) => seen.length),
    own === 0 ? [7, 0] : [0, 7],
  )
  assert.equal(origins[own]?.seen.at(-1)?.get('cookie'), 'JSESSIONID=abc')
  const withRoute = await get(proxy.traffic, answering(`abc.j${own}`), {
    cookie: `JSESSIONID=abc.j${own}`,
  })
  assert.equal(linesOf(withRoute).length, 1)
})

test('a WebSocket goes to the node of the cookie', async (t) => {
  const nodes = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const node = await startNode(t, (_, response) => {
        response.setHeader('Set-Cookie', 'sid=abc')
        response.end(name)
      })
      const server = webSocketServer({ server: node.server, path: '/ws' })
      server.on('connection', (socket) => socket.send(name))
      return { name, port: node.port, seen: undefined, close: () => {} }
    }),
  )
  const proxy = await startProxy(t, nodes)
  for (let i = 0; i < 6; i++) {
    const answer = await get(proxy.traffic, '/')
    const headers = { cookie: pairOf(stickyLine(answer)) }
    const socket = webSocket(`ws://127.0.0.1:${proxy.traffic}/ws`, { headers } as object)
    const name = await new Promise((resolve, reject) => {
      socket.on('message', (data) => resolve(data.toString()))
      socket.on('error', reject)
    })
    assert.equal(name, answer.text)
    socket.terminate()
  }
})
