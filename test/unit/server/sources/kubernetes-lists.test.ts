// What the API of Kubernetes may do to a list: no part of one is ever put in force.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../../src/base/clock.ts'
import { fixedLimits } from '../../../../src/base/limits.ts'
import { silent } from '../../../../src/base/log.ts'
import { FollowedSource } from '../../../../src/server/sources/followed-source.ts'
import { kubernetesSource } from '../../../../src/server/sources/kubernetes-source.ts'
import { until } from '../../../support/until.ts'

const slice = (name: string, addresses: readonly string[]): object => ({
  metadata: { name, resourceVersion: '2' },
  addressType: 'IPv4',
  ports: [{ port: 80 }],
  endpoints: addresses.map((address) => ({ addresses: [address] })),
})

interface Api {
  /** Answers to lists, each after a time. */
  readonly lists: (readonly [items: readonly object[], afterMs: number])[]
  readonly events: readonly object[]
  /** Of the second page of each list after the first one; absent: lists have one page. */
  readonly secondPage?: unknown
}

async function follow(t: TestContext, { lists, events, secondPage }: Api) {
  let [watches, listings] = [0, 0]
  const server = createServer((request, response) => {
    if (request.url?.includes('watch=1')) {
      watches++
      if (watches > 1) return
      return void response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    }
    if (request.url?.includes('continue=')) return void response.end(JSON.stringify(secondPage))
    listings++
    const more = secondPage !== undefined && listings > 1 ? { continue: 'more' } : {}
    const [items, afterMs] = (lists.length > 1 ? lists.shift() : lists[0]) ?? [[], 0]
    const body = JSON.stringify({ metadata: { resourceVersion: '1', ...more }, items })
    setTimeout(() => response.end(body), afterMs)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const seen: string[] = []
  const followed = new FollowedSource({
    name: 'kubernetes',
    source: kubernetesSource({
      kind: 'kubernetes',
      service: 'shop',
      namespace: 'prod',
      family: 'any',
      every: 50,
      api: `http://127.0.0.1:${port}`,
    }),
    retryMs: 50,
    clock: systemClock,
    log: silent,
    onList: (nodes) => void seen.push(nodes.map(({ address }) => address.host).join(' ')),
  })
  t.after(() => {
    followed.close()
    server.closeAllConnections()
    server.close()
  })
  return { seen, followed, watches: () => watches }
}

test('a list that begins anew leaves the one before in force until it is complete', async (t) => {
  const a = slice('a', ['10.0.0.1'])
  const { seen, watches } = await follow(t, {
    lists: [
      [[a], 0],
      [[a, slice('c', ['10.0.0.3'])], 3 * fixedLimits.sourceRestMs],
    ],
    events: [
      { type: 'ADDED', object: slice('b', ['10.0.0.2']) },
      { type: 'ERROR', object: { code: 410 } },
    ],
  })
  await until('it is watched again', () => watches() === 2)
  await until('the second list is used', () => seen.at(-1) === '10.0.0.1 10.0.0.3')
  assert.deepEqual(seen, ['10.0.0.1', '10.0.0.1 10.0.0.2', '10.0.0.1 10.0.0.3'])
})

for (const [what, secondPage] of [
  ['is no list', {}],
  ['has something else for a list', { metadata: {}, items: 'x' }],
  ['is not of the API', 'hello'],
] as const)
  test(`a page that ${what} is no end of a list`, async (t) => {
    const { seen, followed } = await follow(t, {
      lists: [
        [[slice('a', ['10.0.0.1']), slice('b', ['10.0.0.2'])], 0],
        [[slice('a', ['10.0.0.1'])], 0],
      ],
      events: [{ type: 'ERROR', object: { code: 410 } }],
      secondPage,
    })
    await until('the second list has failed', () => followed.report().failures > 1)
    assert.deepEqual(seen, ['10.0.0.1 10.0.0.2'])
    assert.equal(followed.report().reason, 'a list of EndpointSlices has an unknown form')
  })

test('a watch that adds endpoints without end fails, and the list is read again', async (t) => {
  const many = Array.from({ length: 1_000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`)
  const count = fixedLimits.endpointsMax / many.length + 1
  const { seen, followed } = await follow(t, {
    lists: [[[slice('a', ['10.0.0.1'])], 0]],
    events: Array.from({ length: count }, (_, at) => ({
      type: 'ADDED',
      object: slice(`b${at}`, many),
    })),
  })
  await until(
    'it has failed',
    () => followed.report().failures > 0,
    10_000,
    () => followed.report(),
  )
  await until('it is read again', () => seen.length > 1 && seen.at(-1) === '10.0.0.1')
})

test('a thousand events at once make one list', async (t) => {
  const { seen, followed } = await follow(t, {
    lists: [[[slice('a', ['10.0.0.1'])], 0]],
    events: Array.from({ length: 1_000 }, (_, at) => ({
      type: 'MODIFIED',
      object: slice('a', [`10.2.${at >> 8}.${at & 255}`]),
    })),
  })
  await until('the last one is used', () => seen.at(-1) === '10.2.3.231')
  assert.ok(seen.length < 10, `${seen.length} lists`)
  assert.equal(followed.report().failures, 0)
})
