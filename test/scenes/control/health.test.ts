// Health checks of nodes by a running proxy: what makes a node down, and what does not.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sendMessage } from '../../support/control-client.ts'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Proxy {
  readonly traffic: number
  readonly control: number
  readonly send: (signal: NodeJS.Signals) => void
  readonly health: () => Promise<string | undefined>
}

async function start(t: TestContext, args: readonly string[], health = 'auto'): Promise<Proxy> {
  const proxy = await startServe(
    ['--workers', '0', ...args],
    { TOPSPIN_HEALTH: health },
    { deadlineMs: 60_000 },
  )
  t.after(() => proxy.child.kill('SIGKILL'))
  return {
    traffic: Number(new URL(proxy.traffic).port),
    control: Number(new URL(proxy.control).port),
    send: (signal) => proxy.child.kill(signal),
    health: async () => {
      const response = await fetch(`${proxy.control}api/status`)
      const { nodes } = (await response.json()) as { nodes: { health: string }[] }
      return nodes[0]?.health
    },
  }
}

/** A server with one thread: it reads the next connection when it is done with the one before. */
async function oneThread(t: TestContext, type: 'http' | 'ajp' = 'http') {
  const waiting: Socket[] = []
  let current: Socket | undefined
  let held: (() => void) | undefined
  const next = (): void => {
    current = waiting.shift()
    current?.resume()
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    waiting.push(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      const at = waiting.indexOf(socket)
      if (at >= 0) waiting.splice(at, 1)
      if (socket === current) next()
    })
    socket.on('data', (bytes) => {
      const answer = (): void => {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
      }
      if (type === 'http' && bytes.includes('/hold')) held = answer
      else if (type === 'http') answer()
    })
    if (current === undefined) next()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of [...waiting, current]) socket?.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    isHolding: () => held !== undefined,
    release: () => held?.(),
  }
}

for (const workers of ['0', '2']) {
  test(`a client whose requests crash or time out does not take the node out for others, --workers ${workers}`, async (t) => {
    // Connections without a request: those of health checks.
    let checks = 0
    const used = new WeakSet<Socket>()
    const { server, port } = await startNode(t, (request, response) => {
      used.add(request.socket)
      if (request.url === '/crash') request.socket.destroy()
      else if (request.url !== '/hang') response.end('ok')
    })
    server.on('connection', (socket) => {
      socket.on('close', () => {
        if (!used.has(socket)) checks += 1
      })
    })
    const running = await startServe(
      ['--workers', workers, '--to', `127.0.0.1:${port}`],
      { TOPSPIN_TIMEOUTS_RESPONSE_HEAD: '200ms' },
      { deadlineMs: 60_000 },
    )
    t.after(() => running.child.kill('SIGKILL'))
    const traffic = Number(new URL(running.traffic).port)
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 4; i += 1) assert.equal((await get(traffic, '/crash')).status, 502)
      assert.equal((await get(traffic, '/')).status, 200)
      for (let i = 0; i < 4; i += 1) assert.equal((await get(traffic, '/hang')).status, 504)
      assert.equal((await get(traffic, '/')).status, 200)
    }
    assert.doesNotMatch(running.printed.stdout + running.printed.stderr, /node is down/)
    const before = checks
    assert.equal((await get(traffic, '/hang')).status, 504)
    const { nodes } = (await (await fetch(`${running.control}api/status`)).json()) as {
      nodes: { health: string }[]
    }
    assert.notEqual(nodes[0]?.health, 'down')
    await until('a health check follows', () => checks > before)
  })
}

test('a node with one thread serves all requests that wait for a long one', async (t) => {
  const node = await oneThread(t)
  const proxy = await start(
    t,
    ['--to', `127.0.0.1:${node.port}`],
    '{"probe":"auto","interval":"100ms","timeout":"100ms"}',
  )
  const long = get(proxy.traffic, '/hold')
  await until('the node works on it', node.isHolding)
  const others = [1, 2, 3].map((name) => get(proxy.traffic, `/${name}`))
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  assert.equal(await proxy.health(), 'up')
  others.push(get(proxy.traffic, '/4'))
  node.release()
  for (const { status } of await Promise.all([long, ...others])) assert.equal(status, 200)
})

test('a node that is registered and works on a long request reports OK', async (t) => {
  const node = await oneThread(t)
  const proxy = await start(t, [])
  await sendMessage(
    proxy.control,
    'CONFIG',
    `JVMRoute=a&Host=127.0.0.1&Port=${node.port}&Type=http`,
  )
  await sendMessage(proxy.control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  const status = () => sendMessage(proxy.control, 'STATUS', 'JVMRoute=a&Load=50')
  assert.match((await status()).body, /State=OK/)
  const long = get(proxy.traffic, '/hold')
  await until('the node works on it', node.isHolding)
  for (let i = 0; i < 5; i += 1) assert.match((await status()).body, /State=OK/)
  node.release()
  assert.equal((await long).status, 200)
})

test('the application gets no request that no client has sent, unless a check asks for it', async (t) => {
  const asked: string[] = []
  const { port } = await startNode(t, (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.host}`)
    response.end()
  })
  const folder = mkdtempSync(join(tmpdir(), 'topspin-health-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'topspin.yaml')
  const write = (health: string): void =>
    writeFileSync(file, `to: 127.0.0.1:${port}\nhealth: ${health}\n`)
  write('{ probe: tcp, interval: 100ms }')
  const running = await startServe(['--workers', '0', '--config', file], {}, { deadlineMs: 60_000 })
  t.after(() => running.child.kill('SIGKILL'))
  await new Promise((resolve) => setTimeout(resolve, 500))
  assert.deepEqual(asked, [])
  write('{ method: HEAD, path: /ready, host: shop.test, interval: 100ms }')
  running.child.kill('SIGHUP')
  await until('the node is asked after the reload', () => asked.length > 0)
  assert.equal(asked[0], 'HEAD /ready shop.test')
})

test('a node that answers its check by another status than expected is left out until it answers well again', async (t) => {
  let status = 200
  const { port } = await startNode(t, (request, response) => {
    response.statusCode = request.url === '/ready' ? status : 200
    response.end('ok')
  })
  const proxy = await start(
    t,
    ['--to', `127.0.0.1:${port}`],
    `[{"node":"127.0.0.1:${port}","path":"/ready","interval":"100ms","rise":2,"fall":2}]`,
  )
  assert.equal((await get(proxy.traffic, '/')).status, 200)
  status = 503
  await until('the node is down', async () => (await proxy.health()) === 'down')
  assert.equal((await get(proxy.traffic, '/')).status, 503)
  status = 204
  await until('the node is up', async () => (await proxy.health()) === 'up')
  assert.equal((await get(proxy.traffic, '/')).status, 200)
})

test('a node without probes gets requests again a while after it refused a connection', async (t) => {
  const parked = createHttpServer((_, response) => response.end('ok'))
  parked.listen(0, '127.0.0.1')
  await once(parked, 'listening')
  const { port } = parked.address() as AddressInfo
  await new Promise((resolve) => parked.close(resolve))
  const proxy = await start(t, ['--to', `127.0.0.1:${port}`], 'none')
  assert.equal((await get(proxy.traffic, '/')).status, 503)
  parked.listen(port, '127.0.0.1')
  await once(parked, 'listening')
  t.after(() => {
    parked.closeAllConnections()
    parked.close()
  })
  await until('it is used again', async () => (await get(proxy.traffic, '/')).status === 200)
})

test('a node that speaks AJP and does not reply to CPING in its time is down after three of them', async (t) => {
  const node = await oneThread(t, 'ajp')
  const proxy = await start(t, [])
  await sendMessage(
    proxy.control,
    'CONFIG',
    `JVMRoute=a&Host=127.0.0.1&Port=${node.port}&Type=ajp&ping=100ms`,
  )
  const { body } = await sendMessage(proxy.control, 'STATUS', 'JVMRoute=a&Load=50')
  assert.match(body, /State=OK/)
  assert.equal(await proxy.health(), 'suspect')
  await until('it is down', async () => (await proxy.health()) === 'down', 20_000)
})
