// Containers with a label as fixed nodes, at a socket that tells of events.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { DockerApi } from '../../support/docker-api.ts'
import {
  type FixedProxy,
  hosts,
  hostsAre,
  serversAt,
  sourceOf,
  startFixed,
} from '../../support/fixed-proxy.ts'
import { makeFolder } from '../../support/folder.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

interface Scene {
  readonly docker: DockerApi
  readonly api: string
  readonly port: number
  readonly proxy: FixedProxy
}

async function start(t: TestContext): Promise<Scene> {
  const docker = new DockerApi()
  const api = await docker.listen(t, makeFolder())
  const port = await serversAt(t, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
  docker.start('shop-1', { address: '127.0.0.1', port })
  docker.start('other', { address: '127.0.0.3', port, labels: { topspin: 'other' } })
  const to = [{ docker: { label: 'topspin=shop', api }, every: '100ms' }]
  const proxy = await startFixed(t, { to })
  return { docker, api, port, proxy }
}

test('containers come and go with their events, and one that is told to stop is drained', async (t) => {
  const scene = await start(t)
  const { docker, port, proxy } = scene
  assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
  assert.equal((await proxy.nodes())[0]?.source, `docker topspin=shop at ${scene.api}`)
  docker.start('shop-2', { address: '127.0.0.2', port, labels: { 'topspin.weight': '3' } })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  docker.stopping('shop-1')
  const statuses = async (): Promise<string> =>
    (await proxy.nodes())
      .map(({ host, contexts }) => `${host} ${contexts[0]?.status}`)
      .sort()
      .join(', ')
  await until(
    'it is disabled',
    async () => (await statuses()) === '127.0.0.1 DISABLED, 127.0.0.2 ENABLED',
  )
  for (let i = 0; i < 10; i++) assert.equal((await get(proxy.traffic)).text, '127.0.0.2')
  const session = { cookie: `JSESSIONID=x.127-0-0-1-${port}` }
  assert.equal((await get(proxy.traffic, '/', session)).text, '127.0.0.1')
  docker.ended('shop-1')
  await hostsAre(scene.proxy, '127.0.0.2')
  docker.start('shop-1', { address: '127.0.0.1', port })
  await until(
    'it is back',
    async () => (await statuses()) === '127.0.0.1 ENABLED, 127.0.0.2 ENABLED',
  )
})

test('a container is a node once its own check succeeds, and a bad label is shown', async (t) => {
  const scene = await start(t)
  const { docker, port } = scene
  const second = { address: '127.0.0.2', port }
  docker.start('shop-2', { ...second, status: 'Up 1 second (health: starting)' })
  docker.start('shop-3', { address: '127.0.0.3', port, labels: { 'topspin.weight': 'much' } })
  await until('the label is shown', async () =>
    /^container shop-3: topspin\.weight/.test((await sourceOf(scene.proxy)).problems[0] ?? ''),
  )
  assert.equal(await hosts(scene.proxy), '127.0.0.1')
  docker.start('shop-2', { ...second, status: 'Up 5 seconds (healthy)' })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
})

test('many events at a time are one reading or two', async (t) => {
  const scene = await start(t)
  const { docker } = scene
  await until('events are awaited', () => docker.streams === 1)
  const before = docker.lists
  for (let i = 0; i < 1_000; i++) docker.tell(`x${i}`, 'start')
  docker.start('shop-2', { address: '127.0.0.2', port: scene.port })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  // The events arrive in several pieces.
  assert.ok(docker.lists - before < 100, `${docker.lists - before} readings`)
})

test('events that end are awaited again, and what happened meanwhile is known', async (t) => {
  const scene = await start(t)
  const { docker, port } = scene
  await until('events are awaited', () => docker.streams === 1)
  docker.endStreams()
  await until('they have ended', () => docker.streams === 0)
  docker.start('shop-2', { address: '127.0.0.2', port })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  assert.equal((await sourceOf(scene.proxy)).failures, 0)
})

test('while Docker fails, the last list stays; that all have stopped is an empty list', async (t) => {
  const scene = await start(t)
  const { docker, proxy } = scene
  await until('events are awaited', () => docker.streams === 1)
  docker.mode = 'fails'
  docker.tell('shop-1', 'start')
  await until('it fails', async () =>
    /500: a daemon in trouble/.test((await sourceOf(scene.proxy)).reason ?? ''),
  )
  assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
  docker.mode = 'answers'
  await until('it is used again', async () => (await sourceOf(scene.proxy)).reason === null)
  await until('events are awaited', () => docker.streams === 1)
  docker.ended('shop-1')
  await hostsAre(scene.proxy, '')
  docker.stop()
  await until('it is refused', async () =>
    /ENOENT|ECONNREFUSED|ECONNRESET/.test((await sourceOf(scene.proxy)).reason ?? ''),
  )
})
