// The container image as the Dockerfile makes it, and the services of compose.yaml, without a container engine: the image's
// root is put together here, and its processes run in namespaces of their own, as its user, with a read-only root.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { buildConsole } from '../../support/built-console.ts'
import { lastStage } from '../../support/dockerfile.ts'
import {
  type Container,
  linkInImage,
  makeBaseImage,
  noContainers,
  runInside,
  spawnBeside,
  startContainer,
} from '../../support/image-root.ts'
import { repository } from '../../support/packed-package.ts'
import { until } from '../../support/until.ts'

const run = promisify(execFile)
const stage = lastStage(readFileSync(join(repository, 'Dockerfile'), 'utf8'))

interface Service {
  readonly command: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly read_only: boolean
  readonly stop_grace_period: string
}

const { services } = parse(readFileSync(join(repository, 'compose.yaml'), 'utf8'), {
  merge: true,
}) as { services: Record<string, Service> }

test('the image has no other user than one by number, and ends by SIGTERM', () => {
  assert.match(stage.user, /^[1-9]\d*:[1-9]\d*$/)
  assert.equal(stage.stopSignal, 'SIGTERM')
})

describe('containers', { skip: noContainers(), timeout: 90_000 }, () => {
  let root = ''

  before(async () => {
    await buildConsole()
    root = await mkdtemp(join(tmpdir(), 'topspin-image-'))
    await run('chmod', ['755', root])
    makeBaseImage(root)
    for (const [, target] of stage.copies)
      await run(process.execPath, [
        join(repository, 'scripts', 'install-tree.js'),
        join(root, target),
      ])
    linkInImage(root, stage)
  })

  after(() => rm(root, { recursive: true, force: true }))

  const start = async (
    t: TestContext,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    beside?: Container,
  ): Promise<Container> =>
    startContainer(t, root, stage, { command, environment, ...(beside && { beside }) })

  test('the image serves, its health check follows the proxy, and SIGTERM drains', async (t) => {
    const command = [...stage.entrypoint, ...stage.command, '--to', '127.0.0.1:3000']
    const proxy = await start(t, command)
    const health = (): number => runInside(proxy, stage, stage.healthcheck).code
    await until(
      'the proxy serves',
      () => proxy.output().includes('"traffic":'),
      20_000,
      proxy.output,
    )
    assert.equal(health(), 0)
    assert.match(runInside(proxy, stage, ['node', '-p', 'process.getuid()']).text, /^1000\n$/)
    const write = "require('fs').writeFileSync('/opt/topspin/written', '')"
    assert.match(runInside(proxy, stage, ['node', '-e', write]).text, /EROFS/)

    const node = await start(t, ['node', '-e', echo], {}, proxy)
    await until('the node listens', () => node.output().includes('listening'), 10_000, node.output)
    const client = spawnBeside(t, proxy, slowClient)
    const isUnderWay = (): boolean => client.output().includes('under way')
    await until('a request is under way', isUnderWay, 10_000, client.output)
    process.kill(proxy.pid, stage.stopSignal as NodeJS.Signals)
    await until('the proxy drains', () => health() !== 0, 10_000, proxy.output)
    client.process.stdin.end()
    await client.ended
    assert.match(client.output(), /200 half the rest/)
    assert.equal(await proxy.ended, 0, proxy.output())
  })

  test('the services of compose.yaml find each other, and the proxy serves both servers', async (t) => {
    const { proxy: front, 'shop-a': a, 'shop-b': b } = services
    assert.ok(front && a && b)
    for (const service of [front, a, b]) assert.equal(service.read_only, true)
    const secretOf = (environment: Service['environment']): Record<string, string> =>
      Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value.replace(/^\$\{\w+:-(.*)\}$/, '$1'),
        ]),
      )
    const proxy = await start(
      t,
      [...stage.entrypoint, ...front.command],
      secretOf(front.environment),
    )
    await until(
      'the proxy serves',
      () => proxy.output().includes('"traffic":'),
      20_000,
      proxy.output,
    )
    assert.equal(runInside(proxy, stage, stage.healthcheck).code, 0)
    // One network here, so that the second needs another port.
    for (const [service, port] of [
      [a, '3000'],
      [b, '3001'],
    ] as const)
      await start(
        t,
        [...(service.entrypoint ?? []), ...service.command],
        { ...secretOf(service.environment), PORT: port },
        proxy,
      )
    const client = spawnBeside(t, proxy, bothClient)
    assert.equal(await client.ended, 0, proxy.output())
  })
})

/** A server that answers a body with itself. */
const echo = `require('http').createServer((q, s) => q.pipe(s)).listen(3000, () => console.log('listening'))`
/** Its body ends when its standard input does; prints the answer. */
const slowClient = `
import { request } from 'node:http'
const headers = { 'content-length': 13 }
const sent = request({ port: 8000, method: 'POST', path: '/', headers }, async (response) => {
  console.log('under way')
  process.stdin.on('data', () => {}).on('end', () => sent.end('the rest'))
  let text = ''
  for await (const part of response) text += part
  console.log(response.statusCode, text)
})
sent.write('half ')`
const bothClient = `
const seen = new Set()
const deadline = Date.now() + 20_000
while (seen.size < 2 && Date.now() < deadline) {
  const response = await fetch('http://127.0.0.1:8000/shop').catch(() => undefined)
  const text = await response?.text()
  if (response?.status === 200) seen.add(text)
  else await new Promise((resolve) => setTimeout(resolve, 50))
}
process.exit(seen.size === 2 ? 0 : 1)`
