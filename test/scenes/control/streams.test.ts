// Readers of the streams of the API that do not read: they are dropped and counted, and keep nobody out.

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { eventLimits, heldLimits, tailLimits } from '../../../src/base/limits.ts'
import { EventRing } from '../../../src/control/events/event-ring.ts'
import { clusterOf } from '../../support/cluster-fixture.ts'
import {
  type ControlBench,
  type ControlBenchOptions,
  controlBench,
} from '../../support/control-bench.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

const paths = [
  ['/api/v1/events/stream', eventLimits.streamsMax],
  ['/api/v1/requests/stream', tailLimits.streamsMax],
] as const

interface Follower {
  readonly socket: Socket
  /** The first and the last characters that have arrived. */
  head: string
  end: string
}

/** @param from an address of the loopback network. */
async function follow(
  t: TestContext,
  port: number,
  path: string,
  from = '127.0.0.1',
): Promise<Follower> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  t.after(() => socket.destroy())
  const follower: Follower = { socket, head: '', end: '' }
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    const text = bytes.toString('latin1')
    if (follower.head.length < textMax) follower.head += text
    follower.end = (follower.end + text).slice(-textMax)
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await until('the head has arrived', () => follower.head.includes('\r\n\r\n'))
  return follower
}

const statusOf = ({ head }: Follower): number => Number(head.slice(9, 12))

async function start(t: TestContext, options: ControlBenchOptions = {}): Promise<ControlBench> {
  const bench = await controlBench(options)
  t.after(() => bench.control.close())
  return bench
}

async function cut(port: number, reason: string): Promise<number> {
  const { text } = await get(port, '/metrics')
  const line = new RegExp(`topspin_control_streams_cut_total\\{reason="${reason}"\\} (\\d+)`)
  return Number(line.exec(text)?.[1] ?? 0)
}

for (const [path, max] of paths)
  test(`streams of one address keep out no other address (${path})`, async (t) => {
    const { port } = await start(t)
    for (let i = 0; i < max; i++) {
      const { socket } = await follow(t, port, path, '127.0.0.2')
      socket.pause()
    }
    const others: Follower[] = []
    for (let i = 0; i < max / 2; i++) {
      const other = await follow(t, port, path)
      assert.equal(statusOf(other), 200)
      others.push(other)
    }
    assert.equal(statusOf(await follow(t, port, path, '127.0.0.2')), 503)
    for (const { socket } of others) assert.equal(socket.closed, false)
    assert.equal(await cut(port, 'room'), max / 2)
  })

test('a stream that stands still makes room for a new one of the same address', async (t) => {
  const events = new EventRing(() => 0)
  const { port } = await start(t, { events })
  const path = '/api/v1/events/stream'
  const stopped = await follow(t, port, path)
  stopped.socket.pause()
  const others: Follower[] = []
  for (let i = 1; i < eventLimits.streamsMax; i++) others.push(await follow(t, port, path))
  fill(events)
  await until('the others have read all', () => others.every(({ end }) => end.includes(last)))
  await pause(heldLimits.stalledMs)
  const next = await follow(t, port, path)
  assert.equal(statusOf(next), 200)
  for (const { socket } of others) assert.equal(socket.closed, false)
  assert.equal(await cut(port, 'room'), 1)
})

test('a reader whose bytes do not leave in time is dropped and counted', async (t) => {
  const events = new EventRing(() => 0)
  const { port } = await start(t, { events, limits: { transferMs: 300 } })
  const path = '/api/v1/events/stream'
  const [stopped, reading] = [await follow(t, port, path), await follow(t, port, path)]
  stopped.socket.pause()
  fill(events)
  await until('it is counted', async () => (await cut(port, 'slow')) === 1)
  await until('the other has read all', () => reading.end.includes(last))
  assert.equal(reading.socket.closed, false)
})

test('a reader that reads gets the nodes of a large cluster', async (t) => {
  const { port, registry } = await start(t)
  registry.restore(
    clusterOf(
      Array.from({ length: 10_000 }, (_, index) => ({
        route: `node-${index}`,
        port: 10_000 + index,
        contexts: [],
      })),
    ),
    0,
  )
  const follower = await follow(t, port, '/api/v1/events/stream')
  await until('all have arrived', () => follower.end.includes('"traffic":{"'))
  assert.equal(follower.socket.closed, false)
})

const last = 'the last one'
const textMax = 2_000

/** More than the kernel keeps for a reader that does not read. */
const fill = (events: EventRing): void =>
  events.add('info', { text: 'x'.repeat(8_000_000), end: last }, 'long event')
