// The API without a listener: what each resource answers, who may act, and whether all of it fits its own description.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventLimits, tailLimits } from '../../../../src/base/limits.ts'
import { recentFailuresOf, timesOf } from '../../../../src/cluster/live.ts'
import { RequestTimes } from '../../../../src/cluster/request-times.ts'
import { requestHistograms } from '../../../../src/cluster/times.ts'
import { Api } from '../../../../src/control/api/api.ts'
import { type SchemaName, schemas } from '../../../../src/control/api/schemas.ts'
import { explanationOf } from '../../../../src/control/explanation.ts'
import { MessageHandler } from '../../../../src/control/message-handler.ts'
import type { PageResponse, Stream } from '../../../../src/control/page-response.ts'
import { pathOf } from '../../../../src/control/pages.ts'
import type {
  RequestFilter,
  SeenRequests,
} from '../../../../src/control/requests/request-filter.ts'
import { Trends } from '../../../../src/control/trends.ts'
import { accessEntry } from '../../../support/access-entry.ts'
import type { ControlBenchOptions } from '../../../support/control-bench.ts'
import {
  type ControlFixture,
  controlFixture,
  framedRequest,
} from '../../../support/control-fixture.ts'
import { fuzzSeed } from '../../../support/fuzz-seed.ts'

interface Bench extends ControlFixture {
  readonly messages: MessageHandler
  readonly trends: Trends
  readonly api: Api
  get(target: string, remote?: string): Promise<PageResponse>
  post(target: string, body?: unknown, remote?: string): Promise<PageResponse>
  send(
    line: string,
    fields: readonly string[],
    body?: string,
    remote?: string,
  ): Promise<PageResponse>
}

const json = ['Content-Type: application/json']

const readerOf = (write: (text: string) => void = () => {}): Parameters<Stream>[0] => ({
  remote: '127.0.0.1',
  standsMs: 0,
  write,
  cut: () => {},
})

function bench(options: ControlBenchOptions = {}): Bench {
  const fixture = controlFixture(options)
  const messages = new MessageHandler(fixture.settings)
  const trends = new Trends(fixture.settings)
  const api = new Api(fixture.settings, messages, trends, () => false)
  const send: Bench['send'] = (line, fields, body = '', remote = '127.0.0.1') => {
    const request = framedRequest(`${line} HTTP/1.1`, fields, body)
    const caller = { remote, acceptsMessages: true }
    const admitted = fixture.settings.checks.identities.identify('', caller)
    const actor = admitted?.actor ?? ({ role: 'operator', from: remote } as const)
    return api.respond(request, pathOf(request.target), actor)
  }
  return {
    ...fixture,
    api,
    messages,
    trends,
    send,
    get: (target, remote) => send(`GET /api/v1${target}`, [], '', remote),
    post: (target, body, remote) =>
      send(`POST /api/v1${target}`, json, body === undefined ? '' : JSON.stringify(body), remote),
  }
}

/** With nodes a and b in the domain blue, each with /shop and /pay. */
async function withNodes(options: ControlBenchOptions = {}): Promise<Bench> {
  const made = bench(options)
  for (const [route, port] of [
    ['a', 81],
    ['b', 82],
  ] as const) {
    const aliases = ['localhost']
    const contexts = ['/shop', '/pay']
    const config = { route, host: '127.0.0.1', port, type: 'http', domain: 'blue' }
    await made.messages.execute({ method: 'CONFIG', ...config, aliases: [], contexts: [] })
    await made.messages.execute({
      method: 'ENABLE-APP',
      wildcard: false,
      route,
      aliases,
      contexts,
      sender: 'node',
    })
    await made.messages.execute({ method: 'STATUS', route, load: 50 })
  }
  return made
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads what the schema has checked
function read(response: PageResponse, name: SchemaName, status = 200): any {
  assert.equal(response.status, status, response.body.toString())
  return schemas[name].parse(JSON.parse(response.body.toString()))
}

const statusesOf = ({ settings }: Bench): readonly string[] => {
  const { nodes, contexts } = settings.registry.snapshot
  return [...nodes.values()].flatMap(({ id, route }) =>
    (contexts.get(id) ?? []).map(({ path, status }) => `${route}${path} ${status}`),
  )
}

test('nodes, contexts, balancers, workers and the proxy are shown', async () => {
  const { get } = await withNodes()
  const { nodes } = read(await get('/nodes'), 'Nodes')
  assert.deepEqual(
    nodes.map(({ route }: { route: string }) => route),
    ['a', 'b'],
  )
  assert.equal(read(await get('/nodes?domain=green'), 'Nodes').nodes.length, 0)
  assert.equal(read(await get('/nodes?balancer=mycluster'), 'Nodes').nodes.length, 2)
  assert.equal(read(await get('/nodes/b'), 'NodeDetail').port, 82)
  assert.match(read(await get('/nodes/c'), 'Problem', 404).detail, /no node has the name c/)
  assert.equal(read(await get('/contexts'), 'Contexts').contexts.length, 4)
  assert.equal(read(await get('/balancers'), 'Balancers').balancers[0].name, 'mycluster')
  assert.deepEqual(read(await get('/workers'), 'Workers').workers, [])
  assert.equal(read(await get('/proxy'), 'Proxy').draining, false)
})

test('a node shows what it registered with, its responses and its last failures', async () => {
  const { get, settings } = await withNodes()
  const row = settings.live.of(1)
  timesOf(row).count(200)
  timesOf(row).count(503)
  const metric = { name: 'queue', value: 12, capacity: 500, load: 0.03, weight: null }
  row.loadMetrics = [metric]
  recentFailuresOf(row).add({ at: 0, code: 'NODE_CLOSED', reason: 'closed', request: 'GET /shop' })
  const node = read(await get('/nodes/a'), 'NodeDetail')
  assert.deepEqual(node.responses, { '1xx': 0, '2xx': 1, '3xx': 0, '4xx': 0, '5xx': 1 })
  assert.equal(node.settings.flushPackets, 'off')
  assert.deepEqual(node.loadMetrics, [metric])
  assert.deepEqual(node.recentFailures, [
    { at: '1970-01-01T00:00:00.000Z', code: 'NODE_CLOSED', reason: 'closed', request: 'GET /shop' },
  ])
})

test('rates and times are shown by node and application, and kept for ten minutes', async () => {
  const requestTimes = new RequestTimes()
  const { get, settings, trends, clock } = await withNodes({
    traffic: { requestTimes: () => requestTimes },
  })
  settings.live.of(1).inFlight = 4
  const times = timesOf(settings.live.of(1))
  const growth = [2, 10, 5, 5, requestHistograms.duration.at + 4, 10]
  times.add(growth)
  requestTimes.add([{ listener: 'x', balancer: 'mycluster', context: '/shop', growth }])
  clock.advance(5_000)
  const [a, b] = read(await get('/nodes'), 'Nodes').nodes
  assert.deepEqual([a.perSecond, a.errorsPerSecond], [3, 1])
  assert.ok(a.p50Ms > 5 && a.p50Ms <= 10, `${a.p50Ms}`)
  assert.deepEqual([b.perSecond, b.p99Ms], [0, null])
  const [application] = read(await get('/applications'), 'Applications').applications
  assert.deepEqual([application.context, application.perSecond], ['/shop', 3])
  trends.step()
  clock.advance(5_000)
  trends.step()
  const history = read(await get('/history'), 'History')
  assert.deepEqual(history.traffic.perSecond, [3, 0])
  assert.deepEqual(history.nodes[0].perSecond, [3, 0])
  assert.deepEqual(history.traffic.inFlight, [4, 4])
  assert.equal(read(await get('/history?node=b'), 'History').nodes.length, 1)
  assert.equal(read(await get('/proxy'), 'Proxy').traffic.perSecond, 0)
})

test('listeners and the configuration are shown, the latter to operators alone', async () => {
  const value = { key: 'workers', value: 2, source: 'flag', place: '--workers', restart: false }
  const listener = {
    use: 'traffic',
    address: '127.0.0.1:8000',
    tls: false,
    clientAuth: 'none',
    http2: true,
    proxyProtocol: null,
  } as const
  const inspection = { listeners: () => [listener], configuration: () => [value as never] }
  const { get } = await withNodes({ inspection })
  assert.deepEqual(read(await get('/listeners'), 'Listeners').listeners, [listener])
  assert.deepEqual(read(await get('/configuration'), 'Configuration').values, [value])
  read(await get('/configuration', '10.0.0.7'), 'Problem', 403)
})

test('the traffic reports requests only while somebody follows them', async () => {
  const asked: (readonly RequestFilter[])[] = []
  let report: (seen: SeenRequests) => void = () => {}
  const { get } = await withNodes({
    traffic: {
      followRequests: (filters, receive) => {
        asked.push(filters)
        report = receive
      },
    },
  })
  assert.deepEqual(asked, [])
  const first = await get('/requests/stream?status=5xx')
  const second = await get('/requests/stream?node=a')
  const texts: string[][] = [[], []]
  const ends = [first, second].map(({ stream }, at) =>
    stream?.(readerOf((text) => texts[at]?.push(text))),
  )
  assert.deepEqual(asked.at(-1), [{ status: '5xx' }, { node: 'a' }])
  report({ requests: [accessEntry({ status: 502, route: 'b' })], skipped: 3 })
  assert.match(texts[0]?.join('') ?? '', /event: request\ndata: \{"at":"1970.*"status":502/)
  assert.match(texts[1]?.join('') ?? '', /event: skipped\ndata: \{"requests":3\}/)
  assert.doesNotMatch(texts[1]?.join('') ?? '', /event: request/)
  for (const end of ends) end?.()
  assert.deepEqual(asked.at(-1), [])
  read(await get('/requests/stream?status=9xx'), 'Problem', 400)
  const open = Array.from({ length: tailLimits.streamsMax }, () => get('/requests/stream'))
  const running = (await Promise.all(open)).map(({ stream }) => stream?.(readerOf()))
  read(await get('/requests/stream'), 'Problem', 503)
  for (const end of running) end?.()
})

test('of streams that begin at the same time no more are open than the limits allow', async () => {
  const { get } = await withNodes()
  for (const [path, max] of [
    ['/events/stream', eventLimits.streamsMax],
    ['/requests/stream', tailLimits.streamsMax],
  ] as const) {
    const all = await Promise.all(Array.from({ length: max + 5 }, () => get(path)))
    const ends = all.map(({ stream }) => stream?.(readerOf()))
    assert.equal(ends.filter((end) => end !== undefined).length, max, path)
    for (const end of ends) end?.()
  }
})

test('the log from level info on is shown as events', async () => {
  const { get } = await withNodes()
  const { events, last } = read(await get('/events'), 'Events')
  assert.equal(events[0].message, 'node joined')
  assert.equal(events.at(-1).id, last)
  assert.equal(read(await get('/events?limit=1'), 'Events').events[0].id, last)
  assert.deepEqual(read(await get(`/events?after=${last}`), 'Events').events, [])
})

test('a node is disabled and enabled again by undo', async () => {
  const made = await withNodes()
  const record = read(
    await made.post('/actions', { action: 'disable', node: 'a', reason: 'kernel update' }),
    'Action',
  )
  assert.deepEqual(statusesOf(made), [
    'a/shop DISABLED',
    'a/pay DISABLED',
    'b/shop ENABLED',
    'b/pay ENABLED',
  ])
  assert.equal(record.reason, 'kernel update')
  assert.equal(record.undo, '/api/v1/actions/1/undo')
  const undone = read(await made.post('/actions/1/undo'), 'Action')
  assert.equal(undone.undoes, 1)
  assert.deepEqual(statusesOf(made), [
    'a/shop ENABLED',
    'a/pay ENABLED',
    'b/shop ENABLED',
    'b/pay ENABLED',
  ])
  // Undoing the undo disables again.
  read(await made.post('/actions/2/undo'), 'Action')
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop DISABLED', 'a/pay DISABLED'])
  assert.equal(read(await made.get('/actions'), 'Actions').actions.length, 3)
  assert.ok(made.log.messages.includes('operator action'))
})

test('an action takes one context of one node, of a domain, or wherever it is', async () => {
  const made = await withNodes()
  read(await made.post('/actions', { action: 'stop', node: 'a', context: '/shop/' }), 'Action')
  assert.deepEqual(statusesOf(made), [
    'a/shop STOPPED',
    'a/pay ENABLED',
    'b/shop ENABLED',
    'b/pay ENABLED',
  ])
  read(await made.post('/actions', { action: 'disable', context: '/pay' }), 'Action')
  assert.deepEqual(statusesOf(made), [
    'a/shop STOPPED',
    'a/pay DISABLED',
    'b/shop ENABLED',
    'b/pay DISABLED',
  ])
  read(await made.post('/actions', { action: 'stop', domain: 'blue' }), 'Action')
  assert.deepEqual(statusesOf(made), [
    'a/shop STOPPED',
    'a/pay STOPPED',
    'b/shop STOPPED',
    'b/pay STOPPED',
  ])
  // Each context gets back the order that it had.
  read(await made.post('/actions/3/undo'), 'Action')
  assert.deepEqual(statusesOf(made), [
    'a/shop STOPPED',
    'a/pay DISABLED',
    'b/shop ENABLED',
    'b/pay DISABLED',
  ])
})

test('an action that others have overtaken is not undone', async () => {
  const made = await withNodes()
  await made.post('/actions', { action: 'disable', node: 'a' })
  await made.post('/actions', { action: 'stop', node: 'a' })
  const { detail } = read(await made.post('/actions/1/undo'), 'Problem', 409)
  assert.match(detail, /orders for a have changed since action 1/)
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop STOPPED', 'a/pay STOPPED'])
})

test('a removed node cannot come back by undo, and an unknown action cannot be undone', async () => {
  const made = await withNodes()
  assert.equal(
    read(await made.post('/actions', { action: 'remove', node: 'a' }), 'Action').undo,
    null,
  )
  read(await made.post('/actions/1/undo'), 'Problem', 409)
  read(await made.post('/actions/2/undo'), 'Problem', 404)
})

test('parameters of paths are checked as those of queries are', async () => {
  const made = await withNodes()
  await made.post('/actions', { action: 'disable', node: 'a' })
  for (const id of ['x', '', '0', '-1', '1.5', '1e0', '0x1', '%201', '1'.repeat(17)]) {
    const undone = read(await made.post(`/actions/${id}/undo`), 'Problem', 400)
    const shown = read(await made.get(`/actions/${id}`), 'Problem', 400)
    for (const { detail } of [undone, shown]) {
      assert.match(detail, /^id: /)
      assert.doesNotMatch(detail, /NaN/)
    }
  }
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop DISABLED', 'a/pay DISABLED'])
  for (const route of ['', 'a'.repeat(81), '%ff', '%'])
    assert.match(read(await made.get(`/nodes/${route}`), 'Problem', 400).detail, /^route: /)
  for (const limit of ['', '1e1', '0x1', '-1', '%201'])
    assert.match(read(await made.get(`/events?limit=${limit}`), 'Problem', 400).detail, /^limit: /)
  const { paths } = JSON.parse((await made.get('/openapi.json')).body.toString())
  assert.equal(paths['/api/v1/actions/{id}/undo'].post.parameters[0].schema.type, 'integer')
})

test('a fixed node cannot be removed, and the answer says what to do in plain words', async () => {
  const made = await withNodes()
  made.settings.registry.addFixed([
    { route: 'f', host: '127.0.0.1', port: 99, domain: 'blue', contexts: ['/', '/pay'] },
  ])
  const before = statusesOf(made)
  for (const target of [{ node: 'f' }, { node: 'f', context: '/' }, { context: '/' }])
    assert.equal(
      read(await made.post('/actions', { action: 'remove', ...target }), 'Problem', 409).detail,
      'f: it is a fixed node, named by `to` of the configuration, and only nodes that register can be removed. Stop it, or take it out of `to` and reload',
    )
  assert.deepEqual(statusesOf(made), before)
  const { nodes } = read(
    await made.post('/actions', { action: 'remove', domain: 'blue', context: '/pay' }),
    'Action',
  )
  assert.deepEqual(
    nodes.map(({ route, problem }: { route: string; problem: unknown }) => [
      route,
      problem === null,
    ]),
    [
      ['a', true],
      ['b', true],
      ['f', false],
    ],
  )
  assert.deepEqual(statusesOf(made), [
    'a/shop ENABLED',
    'b/shop ENABLED',
    'f/ ENABLED',
    'f/pay ENABLED',
  ])
})

test('problems of the registry are told without the words of the protocol', async () => {
  const made = await withNodes()
  made.messages.end(true)
  const { detail } = read(
    await made.post('/actions', { action: 'stop', node: 'a' }),
    'Problem',
    409,
  )
  assert.equal(detail, 'a: Another process has taken over, send it again')
})

test('names that nobody has are told, and change nothing', async () => {
  const made = await withNodes()
  const refusals: readonly (readonly [object, number, RegExp])[] = [
    [{ action: 'disable', node: 'A' }, 404, /did you mean a\?/],
    [{ action: 'disable', node: 'a', context: '/nope' }, 404, /there are \/shop, \/pay/],
    [{ action: 'disable', domain: 'green' }, 404, /no node has the domain green/],
    [{ action: 'disable' }, 400, /name a node, a domain or a context/],
    [{ action: 'disable', node: 'a', domain: 'blue' }, 400, /not both/],
    [{ action: 'explode', node: 'a' }, 400, /action: /],
    [{ action: 'disable', node: 'a', contxt: '/shop' }, 400, /contxt/],
    [[], 400, /object/],
  ]
  for (const [body, status, text] of refusals)
    assert.match(read(await made.post('/actions', body), 'Problem', status).detail, text)
  assert.ok(statusesOf(made).every((line) => line.endsWith('ENABLED')))
  assert.deepEqual(read(await made.get('/actions'), 'Actions').actions, [])
})

test('only JSON is taken, so that no form of a web page can act', async () => {
  const made = await withNodes()
  const body = JSON.stringify({ action: 'disable', node: 'a' })
  for (const fields of [[], ['Content-Type: text/plain'], ['Content-Type: application/jsonx']]) {
    const response = await made.send('POST /api/v1/actions', fields, body)
    read(response, 'Problem', 415)
  }
  read(await made.send('POST /api/v1/actions', json, '{'), 'Problem', 400)
  read(
    await made.send(
      'POST /api/v1/actions',
      ['Content-Type: application/json; charset=utf-8'],
      body,
    ),
    'Action',
  )
})

test('without a secret, callers from elsewhere may read and not act', async () => {
  const made = await withNodes()
  const body = { action: 'disable', node: 'a' }
  read(await made.get('/nodes', '10.0.0.7'), 'Nodes')
  read(await made.post('/actions', body, '10.0.0.7'), 'Problem', 403)
  read(await made.post('/reload', undefined, '10.0.0.7'), 'Problem', 403)
  read(await made.post('/actions', body, 'unix'), 'Action')
  const secret = await withNodes({ access: { secret: 'a long secret'.replaceAll(' ', '-') } })
  read(await secret.post('/actions', body, '10.0.0.7'), 'Action')
})

test('a wrong path is 404, a wrong method 405 with the right ones', async () => {
  const made = await withNodes()
  read(await made.get('/nope'), 'Problem', 404)
  read(await made.get('/nodes/a/b'), 'Problem', 404)
  read(await made.get('/nodes/%zz'), 'Problem', 400)
  const response = await made.send('DELETE /api/v1/actions', [])
  read(response, 'Problem', 405)
  assert.equal(response.fields?.['Allow'], 'GET, POST')
  assert.equal((await made.send('HEAD /api/v1/nodes', [])).status, 200)
})

test('a weight, an ejection and a drain are orders that an undo takes back', async () => {
  const made = await withNodes()
  const nodes = async () => read(await made.get('/nodes'), 'Nodes').nodes
  read(await made.post('/actions', { action: 'weight', node: 'a', weight: 25 }), 'Action')
  read(await made.post('/actions', { action: 'disable', node: 'a', context: '/pay' }), 'Action')
  read(await made.post('/actions', { action: 'eject', domain: 'blue' }), 'Action')
  assert.deepEqual(
    statusesOf(made).map((line) => line.split(' ')[1]),
    Array(4).fill('STOPPED'),
  )
  const [a] = await nodes()
  assert.deepEqual([a.weight, a.ejected], [25, true])
  assert.equal(made.settings.live.of(1).wish.scale, 0.25)
  read(await made.post('/actions/3/undo'), 'Action')
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop ENABLED', 'a/pay DISABLED'])
  read(await made.post('/actions', { action: 'eject', node: 'a' }), 'Action')
  read(await made.post('/actions', { action: 'readmit', node: 'a' }), 'Action')
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop ENABLED', 'a/pay DISABLED'])
  assert.equal((await nodes())[0].weight, 25)
  // To enable a node ends its ejection, and the undo ejects it again.
  read(await made.post('/actions', { action: 'eject', node: 'a' }), 'Action')
  const enabled = read(await made.post('/actions', { action: 'enable', node: 'a' }), 'Action')
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop ENABLED', 'a/pay ENABLED'])
  read(await made.post(`/actions/${enabled.id}/undo`), 'Action')
  const [again] = await nodes()
  assert.deepEqual([again.weight, again.ejected], [25, true])
})

test('a drain takes over the nodes of those before it', async () => {
  const made = await withNodes()
  made.settings.live.of(1).inFlight = 1
  const first = { action: 'drain', domain: 'blue', withinMs: 60_000 }
  const { id } = read(await made.post('/actions', first), 'Action')
  const second = read(
    await made.post('/actions', { action: 'drain', node: 'a', withinMs: 0 }),
    'Action',
  )
  await made.api.stepDrains()
  made.settings.live.of(1).inFlight = 0
  await made.api.stepDrains()
  const { drain } = read(await made.get(`/actions/${id}`), 'Action')
  assert.deepEqual(
    drain.nodes.map(({ state }: { state: string }) => state),
    ['overtaken', 'done'],
  )
  assert.equal(read(await made.get(`/actions/${second.id}`), 'Action').drain.state, 'done')
})

test('a drain waits for sessions, stops the node, and is taken back by its undo', async () => {
  const made = await withNodes()
  const row = made.settings.live.of(1)
  row.inFlight = 1
  const { id, drain } = read(
    await made.post('/actions', { action: 'drain', node: 'a', withinMs: 1_000, reason: 'x' }),
    'Action',
  )
  assert.deepEqual([drain.state, drain.nodes[0].inFlight], ['sessions', 1])
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop DISABLED', 'a/pay DISABLED'])
  made.clock.advance(1_000)
  await made.api.stepDrains()
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop STOPPED', 'a/pay STOPPED'])
  row.inFlight = 0
  await made.api.stepDrains()
  assert.equal(read(await made.get(`/actions/${id}`), 'Action').drain.state, 'done')
  assert.ok(made.log.messages.includes('drain ended'))
  read(await made.post(`/actions/${id}/undo`), 'Action')
  assert.deepEqual(statusesOf(made).slice(0, 2), ['a/shop ENABLED', 'a/pay ENABLED'])

  const second = read(await made.post('/actions', { action: 'drain', node: 'b' }), 'Action')
  made.settings.live.of(2).inFlight = 1
  read(await made.post(`/actions/${second.id}/undo`), 'Action')
  assert.equal(read(await made.get(`/actions/${second.id}`), 'Action').drain.state, 'cancelled')
  made.clock.advance(60_000)
  await made.api.stepDrains()
  assert.deepEqual(statusesOf(made).slice(2), ['b/shop ENABLED', 'b/pay ENABLED'])
})

test('an action that makes no sense says what would', async () => {
  const made = await withNodes()
  for (const [body, text] of [
    [{ action: 'weight', node: 'a' }, /weight: write percent/],
    [{ action: 'weight', node: 'a', weight: 0 }, /weight/],
    [{ action: 'weight', node: 'a', weight: 101 }, /weight/],
    [{ action: 'stop', node: 'a', weight: 10 }, /only for the action weight/],
    [{ action: 'stop', node: 'a', withinMs: 10 }, /only for the action drain/],
    [{ action: 'eject', node: 'a', context: '/shop' }, /eject is for whole nodes/],
  ] as const)
    assert.match(read(await made.post('/actions', body), 'Problem', 400).detail, text)
  read(await made.get('/actions/1'), 'Problem', 404)
})

test('an action is logged with who ordered it, and the orders before and after', async () => {
  const made = await withNodes()
  await made.post('/actions', { action: 'weight', node: 'a', weight: 25, reason: 'test' })
  const at = made.log.messages.indexOf('operator action')
  assert.deepEqual(made.log.details[at], {
    id: 1,
    action: 'weight',
    node: 'a',
    weight: 25,
    reason: 'test',
    nodes: [{ route: 'a', before: { contexts: [] }, after: { contexts: [], weight: 25 } }],
    role: 'operator',
    from: '127.0.0.1',
  })
})

test('an upgrade answers which process serves, and problems by 409', async () => {
  let outcome: object = {
    ok: true,
    serving: { pid: 2, version: '1' },
    ending: { pid: 1, version: '1' },
    withinMs: 5,
  }
  const operate = async () => outcome as never
  const made = await withNodes({ operations: { reload: operate, upgrade: operate } })
  assert.equal(read(await made.post('/upgrade'), 'Upgraded').serving.pid, 2)
  outcome = { ok: false, problems: ['no'] }
  read(await made.post('/upgrade'), 'Upgraded', 409)
  read(await made.post('/upgrade', undefined, '10.0.0.7'), 'Problem', 403)
})

test('a reload answers what has changed, and problems by 409', async () => {
  let outcome: { ok: boolean } = { ok: true, ...{ changed: ['timeouts.head'], restart: [] } }
  const reload = async () => outcome as never
  const made = await withNodes({ operations: { reload, upgrade: reload } })
  assert.deepEqual(read(await made.post('/reload'), 'Reloaded').changed, ['timeouts.head'])
  outcome = { ok: false, ...{ problems: ['listen: no'] } }
  assert.deepEqual(read(await made.post('/reload'), 'Reloaded', 409).problems, ['listen: no'])
  read(await (await withNodes()).post('/reload'), 'Problem', 501)
})

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: {
    readonly content: {
      readonly 'application/json': { readonly schema: { readonly $ref: string } }
    }
  }
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>
      }
    >
  >
}

test('any request by the description is answered as the description says', async () => {
  const made = await withNodes({
    traffic: {
      explain: async ({ method = 'GET' }) =>
        explanationOf([
          {
            pid: 1,
            explanation: {
              refusal: null,
              rule: null,
              node: 'a',
              why: 'x',
              method,
              isIdempotent: true,
              protocols: { clients: ['HTTP/1.1'], node: 'h2c' },
            } as never,
          },
        ]),
    },
  })
  const { body } = await made.get('/openapi.json')
  const description = JSON.parse(body.toString())
  assert.equal(description.openapi, '3.1.0')
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
      path,
      method,
      operation,
    })),
  )
  assert.ok(operations.length >= 13)
  const word = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      'blue',
      '/shop',
      '/pay',
      'localhost',
      '1',
      '2',
      '0',
      '-1',
      'http://x/shop',
      '',
    ),
    fc.string({ maxLength: 20 }),
  )
  const value = fc.oneof(
    word,
    fc.jsonValue(),
    fc.constantFrom('enable', 'disable', 'stop', 'remove', 'drain', 'eject', 'readmit', 'weight'),
    fc.integer({ min: -1, max: 102 }),
  )
  const names = [
    'action',
    'node',
    'domain',
    'context',
    'alias',
    'reason',
    'weight',
    'withinMs',
    'x',
  ]
  const sent = fc.record({
    operation: fc.constantFrom(...operations),
    words: fc.array(word, { minLength: 8, maxLength: 8 }),
    isGiven: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    body: fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 }),
      fc.record({
        action: fc.constantFrom('enable', 'disable', 'stop', 'drain', 'eject', 'readmit'),
        node: fc.constantFrom('a', 'b'),
      }),
    ),
  })
  const property = fc.asyncProperty(sent, async ({ operation, words, isGiven, body: given }) => {
    const { path, method, operation: described } = operation
    const filled = path.replace(/\{\w+\}/g, () => encodeURIComponent(words[0] || 'a'))
    const query = described.parameters
      .filter((parameter, at) => parameter.in === 'query' && isGiven[at])
      .map(({ name }, at) => `${name}=${encodeURIComponent(words[at] ?? '')}`)
      .join('&')
    const target = query === '' ? filled : `${filled}?${query}`
    const isPost = method === 'post'
    const response = await made.send(
      `${method.toUpperCase()} ${target}`,
      isPost ? json : [],
      isPost ? JSON.stringify(given) : '',
    )
    const answer = described.responses[response.status]
    assert.ok(answer !== undefined, `${method} ${target}: ${response.status} is not described`)
    const content = answer.content[response.contentType]
    assert.ok(
      content !== undefined,
      `${method} ${target}: ${response.contentType} is not described`,
    )
    const name = content.schema?.$ref?.split('/').at(-1)
    if (name !== undefined) schemas[name as SchemaName].parse(JSON.parse(response.body.toString()))
  })
  await fc.assert(property, { numRuns: 1_000, seed: fuzzSeed })
})
