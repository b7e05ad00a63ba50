import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdsStream, type DiscoveryResponse } from '../../../../src/server/engines/xds/ads-stream.ts'
import { type ResourceKind, resourceTypes } from '../../../../src/server/engines/xds/messages.ts'
import type { ResourceSet, Resources } from '../../../../src/server/engines/xds/resources.ts'

const cache = new Map<string, Uint8Array>()

/** Equal texts are the same object, as in sets that follow one another. */
function bytesOf(text: string): Uint8Array {
  const bytes = cache.get(text) ?? Buffer.from(text)
  cache.set(text, bytes)
  return bytes
}

/** @param clusters `name` or `name:content`; the endpoints have the content. */
function setOf(version: number, ...clusters: readonly string[]): ResourceSet {
  const names = clusters.map((each) => each.split(':')[0] ?? '')
  const resources: Resources = {
    clusters: new Map(names.map((name) => [name, bytesOf(`cluster ${name}`)])),
    endpoints: new Map(names.map((name, at) => [name, bytesOf(`endpoints ${clusters[at]}`)])),
    listeners: new Map([['l', bytesOf('listener')]]),
    routes: new Map([['r', bytesOf(`routes ${names.join()}`)]]),
  }
  return { version, resources, problems: [] }
}

/** An Envoy that subscribes as the real one does. */
class FakeEnvoy {
  readonly stream: AdsStream = new AdsStream()
  readonly #nonces: Map<ResourceKind, string> = new Map()
  now: number = 0

  ask(kind: ResourceKind, names: readonly string[] = [], refusal?: string): boolean {
    return this.stream.receive({
      typeUrl: resourceTypes[kind],
      resourceNames: names,
      responseNonce: this.#nonces.get(kind) ?? '',
      refusal,
    })
  }

  /** The responses to a set, as text. */
  next(set: ResourceSet, isUrgent: boolean = false): string[] {
    return this.stream.next(set, this.now, isUrgent).map((response) => {
      this.#nonces.set(response.kind, response.nonce)
      return text(response)
    })
  }
}

const text = ({ kind, resources }: DiscoveryResponse): string =>
  `${kind}: ${resources.map((bytes) => Buffer.from(bytes).toString()).join(' + ')}`

/** One that has a set in force. */
function settled(set: ResourceSet): FakeEnvoy {
  const envoy = new FakeEnvoy()
  envoy.ask('clusters')
  envoy.next(set)
  envoy.ask('clusters')
  envoy.ask('endpoints', [...set.resources.clusters.keys()])
  envoy.next(set)
  envoy.ask('endpoints', [...set.resources.clusters.keys()])
  envoy.ask('listeners')
  envoy.next(set)
  envoy.ask('listeners')
  envoy.ask('routes', ['r'])
  envoy.next(set)
  envoy.ask('routes', ['r'])
  envoy.next(set)
  assert.equal(envoy.stream.version, set.version)
  envoy.now += 1_000
  return envoy
}

test('clusters come first, then endpoints, then routes', () => {
  const set = setOf(1, 'a')
  const envoy = new FakeEnvoy()
  envoy.ask('clusters')
  envoy.ask('listeners')
  assert.deepEqual(envoy.next(set), ['clusters: cluster a', 'listeners: listener'])
  envoy.ask('listeners')
  envoy.ask('routes', ['r'])
  assert.deepEqual(envoy.next(set), [], 'routes wait')
  envoy.ask('clusters')
  assert.deepEqual(envoy.next(set), [], 'Envoy is about to subscribe to endpoints')
  envoy.ask('endpoints', ['a'])
  assert.deepEqual(envoy.next(set), ['endpoints: endpoints a'])
  assert.deepEqual(envoy.next(set), [], 'one response is under way')
  envoy.ask('endpoints', ['a'])
  assert.deepEqual(envoy.next(set), ['routes: routes a'])
  assert.ok(envoy.stream.version < 1)
  envoy.ask('routes', ['r'])
  envoy.next(set)
  assert.equal(envoy.stream.version, 1)
})

test('an empty cluster is an answer, too', () => {
  const envoy = new FakeEnvoy()
  envoy.ask('clusters')
  assert.deepEqual(envoy.next(setOf(1)), ['clusters: '])
})

test('a cluster goes after the routes to it', () => {
  const envoy = settled(setOf(1, 'a', 'b'))
  const set = setOf(2, 'a')
  assert.deepEqual(envoy.next(set), ['routes: routes a'])
  envoy.ask('routes', ['r'])
  assert.deepEqual(envoy.next(set), ['clusters: cluster a'])
  envoy.ask('clusters')
  envoy.ask('endpoints', ['a'])
  envoy.next(set)
  assert.equal(envoy.stream.version, 2)
})

test('a cluster comes before the routes to it', () => {
  const envoy = settled(setOf(1, 'a'))
  const set = setOf(2, 'a', 'b')
  assert.deepEqual(envoy.next(set), ['clusters: cluster a + cluster b'])
  envoy.ask('clusters')
  envoy.ask('endpoints', ['a', 'b'])
  assert.deepEqual(envoy.next(set), ['endpoints: endpoints b'])
  envoy.ask('endpoints', ['a', 'b'])
  assert.deepEqual(envoy.next(set), ['routes: routes a,b'])
})

test('only endpoints that have changed are sent, 200 ms apart unless it is urgent', () => {
  const envoy = settled(setOf(1, 'a', 'b'))
  assert.deepEqual(envoy.next(setOf(2, 'a', 'b:2')), ['endpoints: endpoints b:2'])
  assert.ok(envoy.stream.version < 2)
  envoy.ask('endpoints', ['a', 'b'])
  envoy.now += 199
  const set = setOf(3, 'a:3', 'b:2')
  assert.deepEqual(envoy.next(set), [])
  assert.deepEqual(envoy.next(setOf(4, 'a:4', 'b:2'), true), ['endpoints: endpoints a:4'])
  assert.deepEqual(envoy.next(setOf(5, 'a:5', 'b:2'), true), [], 'one is under way')
  envoy.ask('endpoints', ['a', 'b'])
  envoy.now += 200
  assert.deepEqual(envoy.next(setOf(5, 'a:5', 'b:2')), ['endpoints: endpoints a:5'])
})

test('a refusal is kept, is not repeated, and does not stop the other types', () => {
  const envoy = settled(setOf(1, 'a'))
  const set = setOf(2, 'a', 'b')
  envoy.next(set)
  envoy.ask('clusters', [], 'no such filter')
  assert.deepEqual(envoy.stream.refusals, ['clusters: no such filter'])
  assert.deepEqual(envoy.next(set), ['routes: routes a,b'])
  envoy.ask('routes', ['r'])
  envoy.now += 1_000
  assert.deepEqual(envoy.next(set), [])
  assert.equal(envoy.stream.version, 2, 'nothing is waited for')
  assert.deepEqual(envoy.next(setOf(3, 'a', 'b', 'c')), [
    'clusters: cluster a + cluster b + cluster c',
  ])
  envoy.ask('clusters')
  assert.deepEqual(envoy.stream.refusals, [])
})

test('an answer to an earlier response changes nothing', () => {
  const envoy = settled(setOf(1, 'a'))
  const late = { typeUrl: resourceTypes.endpoints, resourceNames: [], refusal: undefined }
  assert.equal(envoy.stream.receive({ ...late, responseNonce: '1' }), false)
  assert.equal(envoy.stream.receive({ ...late, typeUrl: 'other', responseNonce: '' }), false)
  assert.deepEqual(envoy.next(setOf(2, 'a:2')), ['endpoints: endpoints a:2'])
})

test('names that are subscribed to again are sent again', () => {
  const envoy = settled(setOf(1, 'a'))
  envoy.ask('endpoints', [])
  envoy.ask('endpoints', ['a'])
  assert.deepEqual(envoy.next(setOf(1, 'a')), ['endpoints: endpoints a'])
})
