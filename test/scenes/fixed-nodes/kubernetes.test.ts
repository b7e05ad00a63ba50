// The endpoints of a service of Kubernetes as fixed nodes, at an API that lists, watches, forgets and fails.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fixedLimits } from '../../../src/base/limits.ts'
import type { KubernetesSettings } from '../../../src/config/source-settings.ts'
import { kubernetesSource, type Pod } from '../../../src/server/sources/kubernetes-source.ts'
import type { FoundNode } from '../../../src/server/sources/node-source.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import {
  type FixedProxy,
  hosts,
  hostsAre,
  serversAt,
  sourceOf,
  startFixed,
} from '../../support/fixed-proxy.ts'
import { makeFolder } from '../../support/folder.ts'
import { KubernetesApi } from '../../support/kubernetes-api.ts'
import { get } from '../../support/node-server.ts'
import { topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const leaving = { ready: false, serving: true, terminating: true }
const unready = { ready: false, serving: false, terminating: false }

interface Scene {
  readonly api: KubernetesApi
  readonly url: string
  readonly port: number
  readonly proxy: FixedProxy
  readonly put: (endpoints: Parameters<KubernetesApi['put']>[1], name?: string) => void
}

const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']

/** The endpoints of a service at the first of three servers. */
async function start(t: TestContext): Promise<Scene> {
  const api = new KubernetesApi()
  const [url, port] = await Promise.all([api.listen(t), serversAt(t, addresses)])
  const put: Scene['put'] = (endpoints, name = 'shop-a') => api.put(name, endpoints, { port })
  put({ '127.0.0.1': undefined })
  const kubernetes = { service: 'shop', namespace: 'prod', api: url }
  const proxy = await startFixed(t, { to: [{ kubernetes, every: '100ms' }] })
  return { api, url, port, proxy, put }
}

test('endpoints come and go with their slices', async (t) => {
  const scene = await start(t)
  assert.equal((await get(scene.proxy.traffic)).text, '127.0.0.1')
  const [node] = await scene.proxy.nodes()
  assert.equal(node?.source, `kubernetes prod/shop at ${scene.url}`)
  await until('it watches', () => scene.api.watches === 1)
  scene.put({ '127.0.0.1': undefined, '127.0.0.2': undefined })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  scene.put({ '127.0.0.3': undefined }, 'shop-b')
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2 127.0.0.3')
  scene.put({ '127.0.0.1': unready, '127.0.0.2': undefined })
  await hostsAre(scene.proxy, '127.0.0.2 127.0.0.3')
  scene.api.delete('shop-b')
  await hostsAre(scene.proxy, '127.0.0.2')
  assert.equal(scene.api.asked.filter(({ searchParams }) => !searchParams.has('watch')).length, 1)
  const { searchParams } = scene.api.asked[0] ?? assert.fail()
  assert.equal(searchParams.get('labelSelector'), 'kubernetes.io/service-name=shop')
  assert.deepEqual(await sourceOf(scene.proxy), {
    name: `kubernetes prod/shop at ${scene.url}`,
    nodes: 1,
    reason: null,
    failingMs: null,
    failures: 0,
    problems: [],
  })
})

test('an endpoint that terminates gets no new requests, and keeps those of its sessions', async (t) => {
  const scene = await start(t)
  scene.put({ '127.0.0.1': undefined, '127.0.0.2': undefined })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  await until('both are up', async () =>
    (await scene.proxy.nodes()).every(({ health }) => health === 'up'),
  )
  scene.put({ '127.0.0.1': leaving, '127.0.0.2': undefined })
  const statuses = async (): Promise<string> =>
    (await scene.proxy.nodes()).map(({ contexts }) => contexts[0]?.status).join(' ')
  await until('it is disabled', async () => (await statuses()) === 'DISABLED ENABLED')
  for (let i = 0; i < 10; i++) assert.equal((await get(scene.proxy.traffic)).text, '127.0.0.2')
  const session = { cookie: `JSESSIONID=x.127-0-0-1-${scene.port}` }
  assert.equal((await get(scene.proxy.traffic, '/', session)).text, '127.0.0.1')
  scene.put({ '127.0.0.1': undefined, '127.0.0.2': undefined })
  await until('it is enabled', async () => (await statuses()) === 'ENABLED ENABLED')
  scene.put({ '127.0.0.2': undefined })
  await hostsAre(scene.proxy, '127.0.0.2')
  assert.equal((await get(scene.proxy.traffic, '/', session)).text, '127.0.0.2')
})

test('an order of an operator outlives the changes of an endpoint', async (t) => {
  const scene = await start(t)
  scene.put({ '127.0.0.1': undefined, '127.0.0.2': undefined })
  await hostsAre(scene.proxy, '127.0.0.1 127.0.0.2')
  const route = `127-0-0-1-${scene.port}`
  const control = new URL(scene.proxy.control).host
  const ended = await topspin('stop', route, '--control', control)
  assert.equal(ended.code, 0, ended.stderr)
  const first = async () => (await scene.proxy.nodes())[0]?.contexts[0]
  await until('it is stopped', async () => (await first())?.status === 'STOPPED')
  scene.put({ '127.0.0.1': leaving, '127.0.0.2': undefined })
  await until('its own status is known', async () => (await first())?.own === 'DISABLED')
  assert.equal((await first())?.status, 'STOPPED')
  assert.equal((await topspin('enable', route, '--control', control)).code, 0)
  await until('the order is over', async () => (await first())?.status === 'DISABLED')
})

test('a watch goes on from the last version after it has ended or was interrupted', async (t) => {
  const scene = await start(t)
  const { api } = scene
  await until('it watches', () => api.watches === 1)
  api.bookmark()
  for (const how of ['end', 'reset'] as const) {
    api.endWatches(how)
    const [added, address] = how === 'end' ? ['shop-b', '127.0.0.2'] : ['shop-c', '127.0.0.3']
    scene.put({ [address]: undefined }, added)
    await until(`it lists ${address}`, async () => (await hosts(scene.proxy)).includes(address))
  }
  const lists = api.asked.filter(({ searchParams }) => !searchParams.has('watch'))
  assert.equal(lists.length, 1, 'nothing was listed again')
  const second = api.asked.filter(({ searchParams }) => searchParams.has('watch'))[1]
  assert.equal(second?.searchParams.get('resourceVersion'), '111', 'the version of the bookmark')
  assert.equal((await sourceOf(scene.proxy)).failures, 0)
})

for (const how of ['by its status', 'by an event'])
  test(`410 ${how} makes the slices be listed again, and takes none away`, async (t) => {
    const scene = await start(t)
    const { api } = scene
    api.expiresByEvent = how === 'by an event'
    await until('it watches', () => api.watches === 1)
    api.endWatches('end')
    scene.put({ '127.0.0.2': undefined }, 'shop-b')
    api.delete('shop-a')
    api.compact()
    await hostsAre(scene.proxy, '127.0.0.2')
    assert.equal((await get(scene.proxy.traffic)).text, '127.0.0.2')
  })

test('a list in pages counts as a whole, and one whose version is forgotten meanwhile begins anew', async (t) => {
  const api = new KubernetesApi()
  const url = await api.listen(t)
  api.pageSize = 2
  api.pagesForgotten = 1
  for (let i = 1; i <= 5; i++) api.put(`shop-${i}`, { [`127.0.1.${i}`]: undefined })
  const lists: string[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  void follow(settingsFor(url), ending.signal, (nodes) => lists.push(textOf(nodes)))
  const all = '127.0.1.1 127.0.1.2 127.0.1.3 127.0.1.4 127.0.1.5'
  await until('it lists them', () => lists.length === 1)
  assert.deepEqual(lists, [all])
  assert.equal(api.asked.filter(({ searchParams }) => !searchParams.has('watch')).length, 5)
})

test('an API that forgets each version is not asked without a rest', async (t) => {
  const api = new KubernetesApi()
  const url = await api.listen(t)
  api.pageSize = 1
  api.pagesForgotten = 4
  api.put('shop-1', { '127.0.1.1': undefined })
  api.put('shop-2', { '127.0.1.2': undefined })
  const lists: string[] = []
  const ending = new AbortController()
  t.after(() => ending.abort())
  const from = performance.now()
  void follow(settingsFor(url), ending.signal, (nodes) => lists.push(textOf(nodes)))
  await until('it lists them', () => lists.length === 1)
  // Timers may be a millisecond early.
  assert.ok(performance.now() - from >= 4 * (fixedLimits.watchRestMs - 1))
})

test('while the API fails, the last list stays, and requests succeed', async (t) => {
  const scene = await start(t)
  const { api, proxy } = scene
  for (const [mode, reason] of [
    ['fails', /500: etcdserver: request timed out/],
    ['forbidden', /403: endpointslices\.discovery\.k8s\.io is forbidden/],
  ] as const) {
    await until('it watches', () => api.watches === 1)
    api.mode = mode
    api.endWatches('reset')
    await until(`it ${mode}`, async () => reason.test((await sourceOf(scene.proxy)).reason ?? ''))
    assert.equal(await hosts(proxy), '127.0.0.1')
    assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
    api.mode = 'answers'
    await until('it is used again', async () => (await sourceOf(scene.proxy)).reason === null)
  }
  api.mode = 'forbidden'
  api.endWatches('reset')
  await until('it fails', async () => (await sourceOf(scene.proxy)).reason !== null)
  const control = new URL(proxy.control).host
  const doctor = await topspin('doctor', '--control', control)
  assert.match(
    doctor.stdout.replace(/\s+/g, ' '),
    /warn source kubernetes prod\/shop .*it cannot be read for .*needs `get`, `list` and `watch` on `endpointslices`/,
  )
  const status = await topspin('status', '--control', control)
  assert.match(
    status.stdout.replace(/\s+/g, ' '),
    /source kubernetes prod\/shop at .*1 node of its last list stays/,
  )
  const metrics = await (await fetch(`${proxy.control}metrics`)).text()
  assert.match(metrics, /^topspin_source_up\{source="kubernetes prod\/shop at [^"]*"\} 0$/m)
  assert.match(metrics, /^topspin_source_nodes\{[^}]*\} 1$/m)
  assert.match(metrics, /^topspin_source_failures_total\{[^}]*\} [1-9]/m)
  api.stop()
  await until('it is refused', async () =>
    /ECONNREFUSED/.test((await sourceOf(scene.proxy)).reason ?? ''),
  )
  assert.equal((await get(proxy.traffic)).text, '127.0.0.1')
})

test('no slice is a failure, and slices without endpoints are an empty list', async (t) => {
  const scene = await start(t)
  await until('it watches', () => scene.api.watches === 1)
  scene.api.delete('shop-a')
  await until('it fails', async () =>
    /there is no EndpointSlice/.test((await sourceOf(scene.proxy)).reason ?? ''),
  )
  assert.equal((await get(scene.proxy.traffic)).text, '127.0.0.1')
  scene.put({})
  await hostsAre(scene.proxy, '')
  assert.equal((await get(scene.proxy.traffic)).status, 404)
  scene.put({ '127.0.0.2': undefined })
  await hostsAre(scene.proxy, '127.0.0.2')
  assert.equal((await get(scene.proxy.traffic)).text, '127.0.0.2')
})

test('what is no event ends the watch, and the slices are listed again', async (t) => {
  const scene = await start(t)
  for (const text of ['nonsense\n', '{"type":"ADDED","object":{}}\n', '{"type":"NEW"}\n', '[]\n']) {
    await until('it watches', () => scene.api.watches === 1)
    const before = (await sourceOf(scene.proxy)).failures
    scene.api.write(text)
    await until('it counts', async () => (await sourceOf(scene.proxy)).failures > before)
    await until('it is used again', async () => (await sourceOf(scene.proxy)).reason === null)
    assert.equal(await hosts(scene.proxy), '127.0.0.1')
  }
})

test('a reload follows another service, and leaves the one before', async (t) => {
  const scene = await start(t)
  scene.api.put('cart-a', { '127.0.0.3': undefined }, { port: scene.port, service: 'cart' })
  const kubernetes = { selector: 'app=cart', namespace: 'prod', api: scene.url, port: 'http' }
  scene.proxy.reload({ to: [{ kubernetes }] })
  await hostsAre(scene.proxy, '127.0.0.3')
  await until('one watch is left', () => scene.api.watches === 1)
  const last = scene.api.asked.at(-1)
  assert.equal(last?.searchParams.get('labelSelector'), 'app=cart')
  assert.equal((await sourceOf(scene.proxy)).name, `kubernetes prod/app=cart:http at ${scene.url}`)
})

const settingsFor = (api: string, more: Partial<KubernetesSettings> = {}): KubernetesSettings => ({
  kind: 'kubernetes',
  service: 'shop',
  namespace: 'prod',
  family: 'any',
  every: 100,
  api,
  ...more,
})

const textOf = (nodes: readonly FoundNode[]): string =>
  nodes.map(({ address }) => address.host).join(' ')

function follow(
  settings: KubernetesSettings,
  signal: AbortSignal,
  report: (nodes: readonly FoundNode[]) => void,
  pod?: Pod,
): Promise<void> {
  return kubernetesSource(settings, pod)
    .follow((read) => report(read().nodes), signal)
    .catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
}

/** The files of the service account of a pod whose API is at this port. */
function podIn(folder: string, port: string, ca: string): Pod {
  const account = join(folder, 'account')
  mkdirSync(account)
  writeFileSync(join(account, 'token'), 'first\n')
  writeFileSync(join(account, 'namespace'), 'prod')
  writeFileSync(join(account, 'ca.crt'), ca)
  const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port }
  return { environment, account }
}

test('a pod uses its service account, and a token that was replaced', {
  skip: noOpenssl,
}, async (t) => {
  const authority = new Authority()
  const { cert, key } = authority.issue()
  const api = new KubernetesApi()
  api.token = 'first'
  api.put('shop-a', { '127.0.1.1': undefined })
  const { port } = new URL(await api.listen(t, { cert, key }))
  const pod = podIn(makeFolder(), port, authority.cert)
  const ending = new AbortController()
  t.after(() => ending.abort())
  const lists: string[] = []
  const settings = { ...settingsFor(''), api: undefined, namespace: undefined }
  const followed = follow(settings, ending.signal, (nodes) => lists.push(textOf(nodes)), pod)
  await until('it watches', () => api.watches === 1)
  assert.deepEqual(lists, ['127.0.1.1'])
  api.token = 'second'
  writeFileSync(join(pod.account, 'token'), 'second\n')
  api.endWatches('end')
  api.put('shop-b', { '127.0.1.2': undefined })
  await until('it lists both', () => lists.at(-1) === '127.0.1.1 127.0.1.2')
  api.token = 'third'
  api.endWatches('end')
  await assert.rejects(followed, /answers 401: Unauthorized/)
})

test('another authority is refused, and so is a place that is no cluster', {
  skip: noOpenssl,
}, async (t) => {
  const { cert, key } = new Authority().issue()
  const api = new KubernetesApi()
  const { port } = new URL(await api.listen(t, { cert, key }))
  const pod = podIn(makeFolder(), port, new Authority().cert)
  const settings = { ...settingsFor(''), api: undefined }
  const { signal } = new AbortController()
  const report = () => assert.fail('a list')
  await assert.rejects(follow(settings, signal, report, pod), /certificate/)
  assert.equal(api.asked.length, 0)
  const none = { ...pod, environment: {} }
  await assert.rejects(follow(settings, signal, report, none), /outside of a cluster write `api`/)
})

test('an answer that does not come, or is no JSON, is a failure', async (t) => {
  const api = new KubernetesApi()
  const url = await api.listen(t)
  api.mode = 'silent'
  const { signal } = new AbortController()
  const report = () => assert.fail('a list')
  await assert.rejects(follow(settingsFor(url), signal, report), /no answer within 5000 ms/)
  const server = createServer((_, response) => response.end('<html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const other = settingsFor(`http://127.0.0.1:${port}`)
  await assert.rejects(follow(other, signal, report), /JSON/)
})
