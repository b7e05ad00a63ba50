// gRPC with real programs: clients and servers of @grpc/grpc-js and grpcio make all four kinds of calls through the proxy, in
// the clear and over TLS, while the servers are replaced one after the other.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { noOpenssl, selfSigned } from '../support/certificates.ts'
import { type Given, startProxy } from '../support/cluster-fixture.ts'
import {
  type EchoClient,
  type EchoServer,
  pythonPrograms,
  requireEcho,
  whyNoGrpc,
} from '../support/grpc-programs.ts'
import { startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'

const skip: string | false = (await whyNoGrpc()) ?? false

const unary = (client: EchoClient, text: string, deadlineMs = 10_000): Promise<string> =>
  new Promise((resolve) => {
    client.Unary(Buffer.from(text), { deadline: Date.now() + deadlineMs }, (error, answer) =>
      resolve(error === null ? String(answer) : `error ${error.code}: ${error.details}`),
    )
  })

const collect = (client: EchoClient, pieces: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const call = client.Collect((error, answer) =>
      resolve(error === null ? String(answer) : `error ${error.code}: ${error.details}`),
    )
    for (const piece of pieces) call.write(Buffer.from(piece))
    call.end()
  })

async function all(call: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  try {
    for await (const piece of call) text += piece
  } catch (error) {
    return String(error)
  }
  return text
}

const repeat = (client: EchoClient, text: string, times: number): Promise<string> =>
  all(client.Repeat(Buffer.from(`${text} ${times}`)))

function talk(client: EchoClient, pieces: readonly string[]): Promise<string> {
  const call = client.Talk()
  for (const piece of pieces) call.write(Buffer.from(piece))
  call.end()
  return all(call)
}

/** Calls of all kinds, one after the other, until `isOver`. @returns their number and the failures. */
async function load(client: EchoClient, isOver: () => boolean) {
  const failures: string[] = []
  let calls = 0
  const expect = (answer: string, wanted: RegExp): void => {
    calls++
    if (!wanted.test(answer)) failures.push(answer)
  }
  while (!isOver()) {
    expect(await unary(client, 'hi'), /^\w+ hi$/)
    expect(await collect(client, ['a', 'b', 'c']), /^abc$/)
    expect(await repeat(client, 'x', 3), /^x0x1x2$/)
    expect(await talk(client, ['1', '2']), /^12$/)
  }
  return { calls, failures }
}

interface PythonReport {
  readonly counts: Readonly<Record<string, number>>
  readonly errors: readonly string[]
}

async function pythonLoad(port: number, seconds: number): Promise<PythonReport> {
  const { interpreter, client } = pythonPrograms
  const child = spawn(interpreter, [client, `127.0.0.1:${port}`, String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (piece) => {
    text += piece
  })
  await once(child, 'close')
  return JSON.parse(text) as PythonReport
}

async function pythonServer(t: TestContext, name: string) {
  const { interpreter, server } = pythonPrograms
  const child: ChildProcess = spawn(interpreter, [server, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return Number(String(line))
}

async function startServers(
  t: TestContext,
  names: readonly string[],
  tls?: Parameters<ReturnType<typeof requireEcho>['serve']>[2],
) {
  const echo = requireEcho()
  const servers = await Promise.all(names.map((name) => echo.serve(name, 0, tls)))
  t.after(() => {
    for (const { server } of servers) server.forceShutdown()
  })
  return servers
}

async function through(
  t: TestContext,
  servers: readonly { port: number }[],
  type = 'h2c',
  given: Given = {},
) {
  const nodes = servers.map(({ port }) => ({ port, type }))
  const proxy = await startProxy(t, nodes, given)
  const client = requireEcho().connect(`127.0.0.1:${proxy.port}`)
  t.after(() => client.close())
  return { ...proxy, client }
}

interface Cluster {
  readonly port: number
  /** Ends a server in peace, starts it again on its port, and waits until the proxy has found it. */
  restart(index: number): Promise<void>
}

/** `topspin serve` in front of servers. */
async function deployed(t: TestContext, servers: EchoServer[], workers: string): Promise<Cluster> {
  const to = servers.map(({ port }) => `h2c://127.0.0.1:${port}`).join(',')
  const serve = await startServe(['--to', to, '--workers', workers], {}, { deadlineMs: 120_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const isUp = async (): Promise<boolean> => {
    const report = (await (await fetch(`${serve.control}api/status`)).json()) as {
      readonly nodes: readonly { readonly health: string }[]
    }
    return report.nodes.every(({ health }) => health === 'up')
  }
  await until('all servers are up', isUp, 20_000)
  return {
    port: Number(new URL(serve.traffic).port),
    async restart(index) {
      const { server, port } = servers[index] as EchoServer
      await new Promise<void>((done) => server.tryShutdown(() => done()))
      servers[index] = await requireEcho().serve(`next${index}`, port)
      await until('all servers are up', isUp, 20_000)
    },
  }
}

describe('calls of @grpc/grpc-js', { skip }, () => {
  test('of all kinds reach the servers, and are balanced one by one', async (t) => {
    const servers = await startServers(t, ['a', 'b'])
    const { client } = await through(t, servers)
    const names = new Set<string>()
    for (let i = 0; i < 20; i++) names.add(await unary(client, 'hi'))
    assert.deepEqual([...names].sort(), ['a hi', 'b hi'])
    assert.equal(
      await collect(
        client,
        Array.from({ length: 500 }, () => 'abc'),
      ),
      'abc'.repeat(500),
    )
    assert.equal((await repeat(client, 'x', 1_000)).length, 3_890)
    assert.equal(await talk(client, ['1', '2', '3']), '123')
  })

  test('fail by their status, deadline and cancellation', async (t) => {
    const { handlers } = requireEcho()
    const servers = await startServers(t, ['a'])
    const { client } = await through(t, servers)
    assert.equal(await unary(client, 'fail'), 'error 6: there is one: ä %')
    assert.match(await unary(client, 'silent', 300), /^error 4/)
    const before = handlers.cancelled
    const call = client.Talk()
    call.on('error', () => {})
    call.write(Buffer.from('1'))
    await once(call, 'data')
    call.cancel()
    await until('the server is told', () => handlers.cancelled > before)
    for (const { server } of servers) server.forceShutdown()
    assert.match(await unary(client, 'hi'), /^error 14: .*\(N/)
  })

  for (const workers of ['0', '2'])
    test(`go on while each server is replaced, with ${workers} workers`, async (t) => {
      const servers = await startServers(t, ['a', 'b', 'c'])
      const { port, restart } = await deployed(t, servers, workers)
      const clients = Array.from({ length: 3 }, () => requireEcho().connect(`127.0.0.1:${port}`))
      t.after(() => {
        for (const client of clients) client.close()
      })
      let isOver = false
      const loads = Promise.all(
        clients.flatMap((client) => Array.from({ length: 3 }, () => load(client, () => isOver))),
      )
      for (let round = 0; round < 2; round++)
        for (let index = 0; index < servers.length; index++) await restart(index)
      isOver = true
      const results = await loads
      assert.deepEqual(
        results.flatMap(({ failures }) => failures),
        [],
      )
      assert.ok(results.every(({ calls }) => calls > 0))
    })

  test('pass over TLS to servers with TLS', { skip: noOpenssl }, async (t) => {
    const { key, cert } = selfSigned()
    const pem = { key: Buffer.from(key), cert: Buffer.from(cert) }
    const servers = await startServers(t, ['a', 'b'], pem)
    const { client } = await through(t, servers, 'h2', { nodeTls: { ca: cert } })
    assert.match(await unary(client, 'hi'), /^[ab] hi$/)
    assert.equal(await talk(client, ['1', '2', '3']), '123')
  })
})

describe('calls of grpcio', { skip }, () => {
  test('pass to servers of both languages', async (t) => {
    const servers = await startServers(t, ['a'])
    const python = await pythonServer(t, 'py')
    const { port } = await through(t, [...servers, { port: python }])
    const { counts, errors } = await pythonLoad(port, 2)
    assert.deepEqual(errors, [])
    for (const count of Object.values(counts)) assert.ok(count > 0)
  })

  test('go on while each server is replaced', async (t) => {
    const servers = await startServers(t, ['a', 'b', 'c'])
    const { port, restart } = await deployed(t, servers, '0')
    const report = pythonLoad(port, 6)
    let isOver = false
    void report.then(() => {
      isOver = true
    })
    for (let index = 0; !isOver; index = (index + 1) % 3) await restart(index)
    assert.deepEqual((await report).errors, [])
  })
})
