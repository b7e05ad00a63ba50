// The instances of a service of Consul as fixed nodes, at an API whose questions wait for changes.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { consulSource } from '../../../src/server/sources/consul-source.ts'
import type { Report } from '../../../src/server/sources/node-source.ts'
import { ConsulApi } from '../../support/consul-api.ts'
import {
  type FixedProxy,
  hostsAre,
  serversAt,
  sourceOf,
  startFixed,
} from '../../support/fixed-proxy.ts'
import { makeFolder } from '../../support/folder.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

interface Scene {
  readonly consul: ConsulApi
  readonly url: string
  readonly port: number
  readonly proxy: FixedProxy
}

async function start(t: TestContext): Promise<Scene> {
  const consul = new ConsulApi()
  const [url, port] = await Promise.all([
    consul.listen(t),
    serversAt(t, ['127.0.0.1', '127.0.0.2', '127.0.0.3']),
  ])
  consul.set([{ address: '127.0.0.1', port }])
  const to = [
    { consul: { service: 'shop', tag: 'v2', datacenter: 'dc1', api: url }, every: '100ms' },
  ]
  const proxy = await startFixed(t, { to })
  return { consul, url, port, proxy }
}

const reasonOf = async ({ proxy }: Scene): Promise<string> => (await sourceOf(proxy)).reason ?? ''

test('instances come and go by their checks, and maintenance drains', async (t) => {
  const scene = await start(t)
  const { consul, port, proxy } = scene
  assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
  const [node] = await proxy.nodes()
  assert.equal(node?.source, `consul v2.shop.dc1 at ${scene.url}`)
  await until('a question waits', () => consul.waiting === 1)
  assert.equal(consul.asked.at(-1)?.search, '?tag=v2&dc=dc1&index=101&wait=30000ms')
  consul.set([
    { address: '127.0.0.1', port, weight: 2 },
    { address: '127.0.0.2', port, status: 'warning' },
    { address: '127.0.0.3', port, status: 'critical' },
  ])
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  const factors = (await proxy.nodes()).map(({ host, loadFactor }) => `${host} ${loadFactor}`)
  assert.deepEqual(factors.sort(), ['127.0.0.1 100', '127.0.0.2 50'])
  consul.set([
    { address: '127.0.0.1', port, status: 'maintenance' },
    { address: '127.0.0.2', port },
  ])
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
})

test('while Consul fails, or lists nothing, the last list stays', async (t) => {
  const scene = await start(t)
  const { consul, port, proxy } = scene
  await until('a question waits', () => consul.waiting === 1)
  consul.set([])
  await until('it fails', async () => /there is no instance of it/.test(await reasonOf(scene)))
  assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
  consul.mode = 'fails'
  await until('it fails', async () => /500: No cluster leader/.test(await reasonOf(scene)))
  assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
  consul.set([{ address: '127.0.0.2', port }])
  consul.mode = 'answers'
  await hostsAre(scene.proxy, '127.0.0.2')
  assert.equal(await reasonOf(scene), '')
})

/** The lists of a source, as texts. */
function follow(
  t: TestContext,
  api: string,
  more: { readonly tokenFile?: string; readonly blockMs?: number } = {},
): { readonly lists: string[]; readonly ended: Promise<void> } {
  const ending = new AbortController()
  t.after(() => ending.abort())
  const lists: string[] = []
  const report: Report = (read) =>
    void lists.push(
      read()
        .nodes.map(({ address }) => address.host)
        .join(' '),
    )
  const { tokenFile, blockMs } = more
  const settings = { kind: 'consul', service: 'shop', every: 100, api, tokenFile } as const
  const ended = consulSource(settings, blockMs)
    .follow(report, ending.signal)
    .catch((error: unknown) => {
      if (!ending.signal.aborted) throw error
    })
  return { lists, ended }
}

test('an index that goes back means that nothing is known', async (t) => {
  const consul = new ConsulApi()
  const url = await consul.listen(t)
  consul.set([{ address: '127.0.1.1', port: 80 }])
  const { lists } = follow(t, url)
  await until('a question waits', () => consul.waiting === 1)
  consul.set([{ address: '127.0.1.2', port: 80 }], 7)
  await until(
    'a question waits upon the new index',
    () => consul.asked.at(-1)?.searchParams.get('index') === '7',
  )
  assert.equal(consul.asked.at(-2)?.searchParams.has('index'), false)
  assert.deepEqual([...new Set(lists)], ['127.0.1.1', '127.0.1.2'])
})

test('a question that waited long enough is asked again', async (t) => {
  const consul = new ConsulApi()
  const url = await consul.listen(t)
  consul.set([{ address: '127.0.1.1', port: 80 }])
  const { lists } = follow(t, url, { blockMs: 50 })
  await until('it has been asked three times', () => consul.asked.length >= 4)
  assert.deepEqual([...new Set(lists)], ['127.0.1.1'])
})

test('a token is read anew for each question, and a wrong one is a failure', async (t) => {
  const consul = new ConsulApi()
  const url = await consul.listen(t)
  const tokenFile = join(makeFolder(), 'token')
  writeFileSync(tokenFile, 'first\n')
  consul.token = 'first'
  consul.set([{ address: '127.0.1.1', port: 80 }])
  const { lists, ended } = follow(t, url, { tokenFile })
  await until('a question waits', () => consul.waiting === 1)
  writeFileSync(tokenFile, 'second\n')
  consul.token = 'second'
  consul.set([{ address: '127.0.1.2', port: 80 }])
  await until('the next question waits', () => consul.asked.length === 3 && consul.waiting === 1)
  assert.deepEqual(lists, ['127.0.1.1', '127.0.1.2'])
  consul.token = 'third'
  consul.set([{ address: '127.0.1.3', port: 80 }])
  await assert.rejects(ended, /answers 403: Permission denied/)
})
