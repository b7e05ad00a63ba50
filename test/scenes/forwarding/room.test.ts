// How the default spreads requests over nodes that differ, beside least connections in the same run: two proxies, each
// with nodes of its own, get the same requests at the same moments. The bounds are coarse: a busy machine must pass.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { joinCluster } from '../../../src/agent/index.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { get, startNode } from '../../support/node-server.ts'
import { type QueueNode, type QueueOptions, startQueueNode } from '../../support/queue-node.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { until } from '../../support/until.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

/** Mean work of a request, ms. */
const workMs = 50
/** Requests that come before those that count, s. */
const warmUp = 2

interface Side {
  readonly nodes: readonly QueueNode[]
  readonly serve: Workers
  /** Where requests go, one after the other. */
  readonly ports: readonly number[]
  readonly agent: Agent
  /** Times of the answers that count, ms. */
  readonly times: number[]
  failed: number
}

async function startSide(
  t: TestContext,
  candidacy: string,
  options: readonly QueueOptions[],
  { proxies = 1, workers = 0 }: { proxies?: number; workers?: number } = {},
): Promise<Side> {
  const nodes = await Promise.all(options.map((each) => startQueueNode(t, each)))
  const serving = await Promise.all(
    Array.from({ length: proxies }, () =>
      startWorkers(t, workers, { TOPSPIN_CANDIDACY: candidacy }, { deadlineMs: 60_000 }),
    ),
  )
  for (const serve of serving) {
    for (const [index, { port }] of nodes.entries()) await serve.register(`n${index}`, port, 100)
  }
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const ports = serving.map(({ trafficPort }) => trafficPort)
  return { nodes, serve: serving[0]!, ports, agent, times: [], failed: 0 }
}

interface Load {
  /** Requests in a second. */
  readonly rate: number
  readonly seconds: number
  /** Share of the requests that hold for so long, ms, and need no worker. */
  readonly long?: readonly [share: number, ms: number]
}

/** Sends the same requests to both sides, and awaits those that are not long. */
async function load(sides: readonly Side[], { rate, seconds, long }: Load): Promise<void> {
  const random = seededRandom(5)
  const pending: Promise<void>[] = []
  const begun = performance.now()
  let turn = 0
  for (let at = 0; at < seconds * 1_000; at += (-Math.log(1 - random()) * 1_000) / rate) {
    const early = at - (performance.now() - begun)
    if (early > 1) await pause(early)
    const isLong = long !== undefined && random() < long[0]
    const work = (-Math.log(1 - random()) * workMs).toFixed(2)
    turn++
    for (const side of sides) {
      const port = side.ports[turn % side.ports.length]!
      const sent = performance.now()
      const headers: Record<string, string> = isLong
        ? { 'x-hold': String(long[1]) }
        : { 'x-work': work }
      const answer = get(port, '/', headers, side.agent).then(({ status }) => {
        if (status !== 200) side.failed++
        else if (!isLong && at > warmUp * 1_000) side.times.push(performance.now() - sent)
      })
      if (isLong) answer.catch(() => {})
      else pending.push(answer)
    }
  }
  await Promise.all(pending)
}

function p99({ times }: Side): number {
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length * 0.99)] ?? Number.NaN
}

function compared(t: TestContext, auto: Side, least: Side): number {
  const shares = (side: Side): string => side.nodes.map((node) => node.answered()).join(' ')
  t.diagnostic(
    `p99 ${p99(auto).toFixed(0)} ms, least connections ${p99(least).toFixed(0)}; ` +
      `answers ${shares(auto)} and ${shares(least)}; failed ${auto.failed} and ${least.failed}`,
  )
  return p99(auto) / p99(least)
}

const both = (t: TestContext, nodes: readonly QueueOptions[]): Promise<[Side, Side]> =>
  Promise.all([startSide(t, 'auto', nodes), startSide(t, 'usable, byInFlight', nodes)])

const alike: QueueOptions = { workers: 4 }
const fourTimesAsSlow: QueueOptions = { workers: 4, times: 4 }
const oneIsSlow = [alike, alike, alike, alike, fourTimesAsSlow]
/** 70 % of what they can do. */
const rate = (0.7 * 4 * (4 + 1 / 4) * 1_000) / workMs

test('one of five nodes takes four times as long: requests wait less for it than with least connections', async (t) => {
  const [auto, least] = await both(t, oneIsSlow)
  await load([auto, least], { rate, seconds: 8 })
  assert.ok(compared(t, auto, least) <= 0.9)
  const sum = auto.nodes.reduce((all, node) => all + node.answered(), 0)
  for (const node of auto.nodes.slice(0, 4))
    assert.ok(node.answered() > sum / 10, 'no healthy node goes short')
  assert.ok((auto.nodes[4]?.answered() ?? 0) < sum / 15, 'the slow one is hardly needed')
  const { inHand, ms, knee } = (await auto.serve.node('n4')).room
  const other = (await auto.serve.node('n0')).room
  t.diagnostic(`the slow one: ${ms} ms, knee ${knee}; another: ${other.ms} ms, knee ${other.knee}`)
  // Its last trial may have been a short request, so nothing is said of how much slower it looks.
  assert.ok(inHand === 0 && (ms ?? 0) > 0 && (other.ms ?? 0) > 0, 'and the status has figures')
})

for (const [title, processes] of [
  ['four workers', { workers: 4 }],
  ['two proxies with two workers each', { proxies: 2, workers: 2 }],
] as const) {
  test(`${title} do not all choose the same node, and leave none without requests`, async (t) => {
    const [auto, least] = await Promise.all([
      startSide(t, 'auto', oneIsSlow, processes),
      startSide(t, 'usable, byInFlight', oneIsSlow, processes),
    ])
    await load([auto, least], { rate, seconds: 8 })
    assert.ok(compared(t, auto, least) <= 1)
    const sum = auto.nodes.reduce((all, node) => all + node.answered(), 0)
    for (const node of auto.nodes.slice(0, 4)) assert.ok(node.answered() > sum / 10)
    assert.ok(auto.nodes[4]!.answered() > 0)
  })
}

test('long polls do not count as load', async (t) => {
  const [auto, least] = await both(t, oneIsSlow)
  await load([auto, least], { rate, seconds: 9, long: [0.04, 6_000] })
  assert.ok(compared(t, auto, least) <= 0.8)
  const nodes = (await auto.serve.status()).nodes
  assert.ok(nodes.reduce((sum, { room }) => sum + room.long, 0) > 5, 'they show as long')
})

test('a node that answers 500 at once gets next to nothing', async (t) => {
  const nodes = [alike, alike, alike, alike, alike]
  const [auto, least] = await both(t, nodes)
  const failing = async (): Promise<void> => {
    await pause(2_000)
    for (const side of [auto, least]) side.nodes[2]?.fail(true)
    await pause(3_000)
    for (const side of [auto, least]) side.nodes[2]?.fail(false)
  }
  await Promise.all([load([auto, least], { rate: 200, seconds: 7 }), failing()])
  compared(t, auto, least)
  // Least connections is kept from worse by the ejection after 20 errors in a row.
  assert.ok(auto.failed <= 12, `${auto.failed} of 1,400 failed`)
  assert.ok(auto.failed < least.failed / 2 || auto.failed <= 3)
})

test('a metric of an application, three lines long, moves the traffic', async (t) => {
  const serve = await startWorkers(t, 0)
  const busy = [0.1, 0.1, 0.9]
  for (const index of busy.keys()) {
    const node = await startNode(t, (_request, response) => response.end(String(index)))
    const membership = await joinCluster(node.server, {
      proxies: [new URL(serve.control).host],
      route: `n${index}`,
      reportIntervalMs: 100,
      history: 0,
      initialLoad: -1,
      metrics: [{ name: 'mine', read: () => busy[index] }],
    })
    t.after(() => membership.close())
  }
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const shares = async (): Promise<readonly number[]> => {
    const counts = [0, 0, 0]
    const client = async (): Promise<void> => {
      for (let at = 0; at < 150; at++) {
        const { text } = await get(serve.trafficPort, '/', {}, agent)
        counts[Number(text)] = (counts[Number(text)] ?? 0) + 1
      }
    }
    // Moving load factors hold while there is room: with more clients than nodes they give way to queues.
    await Promise.all(Array.from({ length: 2 }, client))
    return counts.map((count) => count / 300)
  }
  const settled = async (load: number, index: number): Promise<void> =>
    until(
      `n${index} reports ${load}`,
      async () => (await serve.node(`n${index}`)).loadFactor === load,
    )
  await settled(90, 0)
  await settled(90, 1)
  await settled(10, 2)
  await shares()
  const before = await shares()
  busy[0] = 0.9
  busy[2] = 0.1
  await settled(10, 0)
  await settled(90, 2)
  let after: readonly number[] = []
  await until(
    'the traffic has moved from n0 to n2',
    async () => {
      after = await shares()
      return (after[0] ?? 1) < 0.15 && (after[2] ?? 0) > 0.15
    },
    15_000,
    () => after,
  )
  t.diagnostic(`shares ${before} before, ${after.map((share) => share.toFixed(2))} after`)
  assert.ok((before[2] ?? 1) < 0.15, `n2 asked for 5 %: ${before}`)
})

test('explain names the node that then gets the request, in 1,000 of 1,000', async (t) => {
  const clock = new ManualClock()
  const random = seededRandom(7)
  const asked: string[] = []
  const answers: (() => void)[] = []
  const names = ['n1', 'n2', 'n3', 'n4']
  const nodes = await Promise.all(
    names.map((name) =>
      startNode(t, (_request, response) => {
        asked.push(name)
        answers.push(() => response.end())
      }),
    ),
  )
  const given = nodes.map(({ port }, index) => ({ port, factor: index === 3 ? 40 : 100 }))
  const { proxy, port, live } = await startProxy(t, given, { clock, random })
  const question = { target: '/', host: 'a', cookie: '', client: '127.0.0.1' }
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  let done = 0
  let equals = 0
  for (let sent = 1; sent <= 1_000; sent++) {
    const { node, steps } = proxy.explain(question)
    const reasons = steps.at(-1)?.reasons ?? []
    const least = Math.min(...reasons.map(({ figures }) => figures['cost'] ?? 0))
    const equal = reasons.filter(({ figures }) => figures['cost'] === least)
    void get(port, '/', {}, agent).then(() => done++)
    await until('it is there', () => asked.length === sent)
    const chosen = asked.at(-1)
    // Between equals chance decides, and explain does not draw for it.
    if (equal.length > 1) equals++
    const isRight = equal.length > 1 ? equal.some((one) => one.node === chosen) : node === chosen
    assert.ok(isRight, `${sent}: explained ${node}, chosen ${chosen}; ${JSON.stringify(reasons)}`)
    clock.advance(5 + 20 * random())
    while (answers.length > 12 || (answers.length > 0 && random() < 0.45)) {
      answers.splice(Math.floor(random() * answers.length), 1)[0]?.()
      const over = sent - answers.length
      await until('it is over', () => done === over)
      clock.advance(10 * random())
    }
  }
  assert.ok(equals < 100, `${equals} choices were between equals`)
  for (const answer of answers) answer()
  await until('all are over', () => done === 1_000)
  for (const id of [1, 2, 3, 4]) assert.equal(live(id).room.inHand + live(id).room.long, 0)
})
