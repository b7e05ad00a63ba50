// Servers that parse paths differently from Tomcat: Express, WSGI, Undertow.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sendMessage } from '../support/control-client.ts'
import { freePorts } from '../support/free-ports.ts'
import { classPath, whyNoTomcat } from '../support/tomcat-build.ts'
import { startServe } from '../support/topspin.ts'
import { askAll, generatedPaths } from './generated-paths.ts'

const registered = ['/app', '/app/admin']
const there = [...registered, '/manager']

test('Express serves only the context that the proxy chose', async (t) => {
  await compare(t, await startExpress(t))
})

test('WSGI serves only the context that the proxy chose', {
  skip: whyNoPython(),
}, async (t) => {
  await compare(t, await startWsgi(t))
})

const whyNoUndertow = await whyNoTomcat()
for (const decodesSlash of [true, false]) {
  for (const isCanonical of [true, false]) {
    const how = `with %2f ${decodesSlash ? 'decoded' : 'kept'}, paths ${isCanonical ? 'canonical' : 'as they come'}`
    const title = `Undertow ${how} serves no other context than the one that was chosen`
    test(title, { skip: whyNoUndertow ?? false }, async (t) => {
      await compare(t, await startUndertow(t, decodesSlash, isCanonical))
    })
  }
}

async function compare(t: TestContext, node: number): Promise<void> {
  const proxy = await startServe([], { TOPSPIN_WORKERS: '0' }, { deadlineMs: 120_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const control = Number(new URL(proxy.control).port)
  for (const [method, body] of [
    ['CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${node}&Type=http`],
    ['ENABLE-APP', `JVMRoute=a&Alias=localhost&Context=${registered.join(',')}`],
    ['STATUS', 'JVMRoute=a&Load=50'],
  ] as const) {
    const reply = await sendMessage(control, method, body)
    assert.match(reply.status, / 200 /, `${method}: ${reply.body}`)
  }
  const port = Number(new URL(proxy.traffic).port)
  // The one exception (wire/http/path-readings.ts): a session id at the end is part of the segment before it.
  const paths = generatedPaths(11_000).filter((path) => !/;jsessionid=[^;/]*$/.test(path))
  const tally = await askAll(port, paths, registered, ({ headers }) => {
    const context = headers['x-context']
    return context === undefined ? undefined : String(context)
  })
  t.diagnostic(JSON.stringify(tally))
  assert.ok(tally.served > 200 && tally.refused > 500, JSON.stringify(tally))
}

interface Express {
  (): Express
  use(path: string, handler: (request: unknown, response: Response) => void): void
  listen(port: number, host: string): Server
}
interface Response {
  set(name: string, value: string): Response
  end(): void
}

async function startExpress(t: TestContext): Promise<number> {
  const express: Express = createRequire(import.meta.url)('express')
  const app = express()
  // The longest first, since the first match serves.
  for (const context of [...there].sort((a, b) => b.length - a.length)) {
    app.use(context, (_, response) => response.set('X-Context', context).end())
  }
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function startWsgi(t: TestContext): Promise<number> {
  const program = fileURLToPath(new URL('../../../test/interop/mounted_wsgi.py', import.meta.url))
  const child = spawn('python3', [program, ...there], { stdio: ['ignore', 'pipe', 'inherit'] })
  return Number(await firstLine(t, child))
}

async function startUndertow(
  t: TestContext,
  decodesSlash: boolean,
  isCanonical: boolean,
): Promise<number> {
  const [port = 0] = await freePorts(1)
  const words = [String(port), String(decodesSlash), String(isCanonical), ...there]
  const jvm = ['-Xmx128m', '-cp', classPath, 'tomcatnode.UndertowPaths', ...words]
  const child = spawn('java', jvm, { stdio: ['pipe', 'pipe', 'ignore'] })
  assert.equal(await firstLine(t, child), 'started')
  return port
}

async function firstLine(t: TestContext, child: ChildProcess): Promise<string> {
  t.after(() => child.kill('SIGKILL'))
  assert.ok(child.stdout !== null)
  const [line] = await once(createInterface(child.stdout), 'line')
  return String(line)
}

function whyNoPython(): string | false {
  return spawnSync('python3', ['--version']).status === 0 ? false : 'python3 is not installed'
}
