// The JSON API of a proxy over its control listener: the stream of events, and the checks that keep web pages out.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { eventLimits } from '../../../src/base/limits.ts'
import { EventRing } from '../../../src/control/events/event-ring.ts'
import {
  type ControlBench,
  type ControlBenchOptions,
  controlBench,
} from '../../support/control-bench.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Sent {
  readonly id: string
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: the test reads what it expects
  readonly data: any
}

/** Follows a stream. */
async function follow(
  t: TestContext,
  base: string,
  lastEventId = '',
  path = 'events/stream',
): Promise<Sent[]> {
  const ended = new AbortController()
  t.after(() => ended.abort())
  const headers = lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId }
  const response = await fetch(base + path, { headers, signal: ended.signal })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const sent: Sent[] = []
  void read(response, sent).catch(() => {})
  return sent
}

async function read(response: Response, sent: Sent[]): Promise<void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string): string =>
        new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
      const data = field('data')
      if (data !== '') sent.push({ id: field('id'), event: field('event'), data: JSON.parse(data) })
    }
  }
}

const post = (base: string, path: string, body: object = {}): Promise<Response> =>
  fetch(base + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

for (const workers of ['0', '2']) {
  test(`a stream tells changes and live numbers, and goes on where it was cut (${workers} workers)`, async (t) => {
    const serve = await startServe(['--workers', workers])
    t.after(() => serve.child.kill('SIGKILL'))
    const base = `${serve.control}api/v1/`
    const node = await startNode(t)
    const sent = await follow(t, base)
    const proxies = [new URL(serve.control).host]
    const agent = await joinCluster(node.server, { proxies, route: 'a', log: false })
    t.after(() => agent.close())
    const told = (message: string): Sent | undefined =>
      sent.find(({ event, data }) => event === 'event' && data.message === message)
    await until('the node has joined', () => told('node joined') !== undefined)
    assert.equal(told('node joined')?.data.detail.route, 'a')

    await get(Number(new URL(serve.traffic).port), '/')
    const elected = (): unknown =>
      sent
        .filter(({ event }) => event === 'live')
        .flatMap(({ data }) => data.nodes)
        .findLast((fields) => fields.route === 'a' && fields.elected !== undefined)?.elected
    await until('its request is counted', () => elected() === 1)

    const last = sent.findLast(({ id }) => id !== '')?.id ?? ''
    const response = await post(base, 'actions', { action: 'disable', node: 'a' })
    assert.equal(response.status, 200)
    const again = await follow(t, base, last)
    await until('the missed events come', () =>
      again.some(({ data }) => data.message === 'operator action'),
    )
    assert.ok(again.every(({ event }) => event !== 'reset'))
    assert.ok(again.every(({ data }) => data.message !== 'node joined'))

    const other = await follow(t, base, 'another-run-1')
    await until('the stream begins', () => other.length > 0)
    assert.equal(other[0]?.event, 'reset')
  })
}

for (const workers of ['0', '2']) {
  test(`requests are followed, and failures are told by node (${workers} workers)`, async (t) => {
    const origin = await startOrigin(t)
    const to = `127.0.0.1:${origin.port}`
    const serve = await startServe(['--workers', workers, '--to', to])
    t.after(() => serve.child.kill('SIGKILL'))
    const base = `${serve.control}api/v1/`
    // biome-ignore lint/suspicious/noExplicitAny: the test reads what it expects
    const show = async (path: string): Promise<any> => (await fetch(base + path)).json()
    const port = Number(new URL(serve.traffic).port)
    const failed = await follow(t, base, '', 'requests/stream?status=5xx')
    const all = await follow(t, base, '', 'requests/stream')
    // A stream has no content before the first request, so that one shows that it is followed everywhere.
    await until('both are followed', async () => {
      await get(port, '/close')
      return all.length > 0
    })
    await get(port, '/die?times=99&by=rst&id=1')
    await until('the failure is followed', () => failed.length > 0)
    assert.equal(failed[0]?.event, 'request')
    assert.equal(failed[0]?.data.status, 502)
    assert.equal(failed[0]?.data.target, '/die?times=99&by=rst&id=1')
    assert.ok(failed.every(({ data }) => data.status >= 500))
    const [{ route }] = (await show('nodes')).nodes
    const failures = async () => (await show(`nodes/${route}`)).recentFailures
    await until('its node tells it', async () => (await failures()).length > 0)
    const [failure] = await failures()
    assert.equal(failure.request, 'GET /die')
    const [listener] = (await show('listeners')).listeners
    assert.equal(listener.address, `127.0.0.1:${port}`)
    const values: { key: string; source: string; place: string }[] = (await show('configuration'))
      .values
    const value = values.find(({ key }) => key === 'workers')
    assert.deepEqual([value?.source, value?.place], ['flag', '--workers'])
  })
}

async function startBench(
  t: TestContext,
  options: ControlBenchOptions = {},
): Promise<ControlBench & { readonly base: string }> {
  const bench = await controlBench(options)
  t.after(() => bench.control.close())
  return { ...bench, base: `http://127.0.0.1:${bench.port}/api/v1/` }
}

test('a reader that does not read is cut, and delays nobody', async (t) => {
  const events = new EventRing(() => 0)
  const { port, base } = await startBench(t, { events })
  const stalled = connect(port, '127.0.0.1')
  t.after(() => stalled.destroy())
  stalled.on('error', () => {})
  stalled.write('GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
  stalled.pause()
  const sent = await follow(t, base)
  await until('both streams are open', () => sent.length > 0)
  const text = 'x'.repeat(20_000)
  const bytesMost = eventLimits.streamBytesMax + 16_000_000
  let added = 0
  // The reader that reads gets each event before the next one.
  for (let bytes = 0; bytes < bytesMost; bytes += text.length) {
    events.add('info', { text }, 'long event')
    added++
    await until(
      'the event is read',
      () => sent.filter(({ event }) => event === 'event').length === added,
    )
  }
  let isOver = false
  stalled.on('close', () => {
    isOver = true
  })
  stalled.resume()
  await until('the other one is cut', () => isOver)
})

test('streams beyond the limit are refused until one ends', async (t) => {
  const { base } = await startBench(t)
  const open: AbortController[] = []
  t.after(() => open.forEach((each) => void each.abort()))
  const ask = async (): Promise<number> => {
    const aborter = new AbortController()
    open.push(aborter)
    return (await fetch(`${base}events/stream`, { signal: aborter.signal })).status
  }
  for (let i = 0; i < eventLimits.streamsMax; i++) assert.equal(await ask(), 200)
  assert.equal(await ask(), 503)
  open[0]?.abort()
  await until('there is room again', async () => (await ask()) === 200)
})

test('streams that are asked for at the same time do not exceed the limit', async (t) => {
  const { base } = await startBench(t)
  const aborter = new AbortController()
  t.after(() => aborter.abort())
  let open = 0
  const asked = Array.from({ length: 3 * eventLimits.streamsMax }, async () => {
    const { status, body } = await fetch(`${base}events/stream`, { signal: aborter.signal })
    const first = await body?.getReader().read()
    if (status === 200 && first?.done === false) open++
  })
  await Promise.all(asked)
  assert.equal(open, eventLimits.streamsMax)
})

test('a stream ends when the control service closes', async () => {
  const { control, port } = await controlBench()
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/events/stream`)
  await control.close()
  await response.text()
})

test('web pages from elsewhere can neither read nor act', async (t) => {
  const { base } = await startBench(t)
  const refused = (headers: Record<string, string>, method = 'GET'): Promise<number> => {
    return new Promise((resolve, reject) => {
      const url = `${base}${method === 'GET' ? 'nodes' : 'actions'}`
      const sent = request(url, { method, headers, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.on('error', reject)
      sent.end(method === 'GET' ? undefined : '{"action":"stop","node":"a"}')
    })
  }
  assert.equal(await refused({ Host: 'evil.example' }), 403)
  assert.equal(await refused({ Origin: 'http://evil.example' }, 'POST'), 403)
  assert.equal(
    await refused({ Host: 'evil.example', 'Content-Type': 'application/json' }, 'POST'),
    403,
  )
})
