// `node dist/bench/shared-registry.js [NODES] [PROXIES] [HZ] [MINUTES]`: what does a shared registry cost with so many nodes
// that report so often, and is anything lost? Real nats-servers (three) and proxies; meanwhile one context a second is
// disabled or enabled through any of the proxies, and each proxy gets requests. One line a minute; then one more proxy starts,
// and tells when it is ready and where its first requests go. Exit code 0 when no request failed and all proxies know at the
// end what was accepted. Linux only.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { StatusReport } from '../src/control/status-report.ts'
import { startNats } from '../test/support/nats.ts'
import { type Running, startTopspin } from '../test/support/topspin.ts'
import { Lanes } from './registry/lanes.ts'
import { startOrigin } from './registry/origin.ts'
import { type Usage, usageOf } from './shared/sampled.ts'
import { until } from './support/until.ts'

const [nodes = 10_000, count = 5, hz = 1, minutes = 10] = process.argv.slice(2).map(Number)
const batchMs = 100
/** Requests with which one more proxy begins. */
const atOnce = 200
/** A machine that has other work is slow to start so many processes. */
const startMs = 180_000
const names = ['primary of proxy', 'nats-server'] as const

interface Front {
  readonly running: Running
  readonly control: string
  readonly traffic: string
  /** For reports. */
  readonly lanes: Lanes
  /** For changes: a lane has one message at a time. */
  readonly orders: Lanes
}

const home = mkdtempSync(join(tmpdir(), 'topspin-shared-'))
const nats = await startNats(3, { lines: '' })
const origin = await startOrigin()
const fronts: Front[] = []
const wanted = new Map<string, string>()
let failed = 0
let answered = 0
let reported = 0
let refused = 0

async function startFront(at: number): Promise<Front> {
  const limits = { nodes: nodes + 10, aliases: nodes + 10, contexts: nodes + 10 }
  const [url = '', ...others] = [...nats.urls.slice(at % 3), ...nats.urls.slice(0, at % 3)]
  const file = join(home, `front-${at}.json`)
  writeFileSync(
    file,
    JSON.stringify({
      listen: '127.0.0.1:0',
      control: { listen: '127.0.0.1:0', limits },
      cluster: { nats: [url, ...others], proxy: `front-${at}` },
      workers: 0,
      accessLog: 'off',
      state: join(home, `state-${at}`),
    }),
  )
  const deadlineMs = (minutes + 30) * 60_000
  const running = startTopspin(['serve', '--config', file], { deadlineMs })
  const started = /"traffic":\["([^"]+)"\],"control":"([^"]+)"/
  await until(() => started.test(running.printed.stdout), startMs)
  const [, traffic = '', control = ''] = started.exec(running.printed.stdout) ?? []
  const port = Number(new URL(control).port)
  return { running, control, traffic, lanes: new Lanes(port), orders: new Lanes(port) }
}

async function run(): Promise<void> {
  const joined = await until(async () => (await modes()).every((mode) => mode === 'joined'), 60_000)
  if (!joined) throw new Error(`not joined: ${(await modes()).join()}`)
  const begun = performance.now()
  await Promise.all(
    fronts.map(({ lanes }, at) =>
      lanes.sendGroups(mine(at).map((node) => registration(node, origin.port))),
    ),
  )
  console.log(`${nodes} nodes at ${count} proxies registered in ${seconds(begun)} s`)
  const equalSince = performance.now()
  console.log(`equal: ${await until(isEqual, 120_000)} after ${seconds(equalSince)} s`)
  const stop = new AbortController()
  const work = [
    ...fronts.map((_, at) => reports(at, stop.signal)),
    ...fronts.map((front) => requests(front, stop.signal)),
    changes(stop.signal),
  ]
  for (let minute = 1; minute <= minutes; minute++) {
    const before = snapshot()
    const [sent, from] = [reported, performance.now()]
    await pause(60_000)
    const s = (performance.now() - from) / 1_000
    show(minute, before, snapshot(), s, (reported - sent) / s)
  }
  const isWelcome = await newcomer()
  stop.abort()
  await Promise.all(work)
  const isSame = await until(isEqual, 60_000)
  console.log(
    `${reported} reports, ${refused} not answered with OK; ${answered} requests, ${failed} failed; ${wanted.size} nodes changed; all proxies equal: ${isSame}`,
  )
  for (const line of (await differences()).slice(0, 10)) console.log(line)
  process.exitCode = isSame && isWelcome && failed === 0 ? 0 : 1
}

/** @returns whether it knew all nodes and their load factors when it was ready, and answered its first requests. */
async function newcomer(): Promise<boolean> {
  const front = await startFront(count)
  const begun = performance.now()
  const isReady = await until(
    async () => (await fetch(new URL('/readyz', front.control))).ok,
    startMs,
  )
  const readyAfter = seconds(begun)
  const used = usageOf(front.running.child.pid ?? 0).seconds.toFixed(1)
  const known = await rowsOf(front)
  const answers = await Promise.all(Array.from({ length: atOnce }, (_, at) => isServed(front, at)))
  const elected = (await rowsOf(front)).map((row) => row.elected)
  const factors = known.filter(({ loadFactor }) => loadFactor !== null).length
  fronts.push(front)
  console.log(
    `one more proxy: ready: ${isReady} ${readyAfter} s after it listens and ${used} s of processor time, with ${known.length} nodes and ${factors} load factors; ${answers.filter(Boolean).length} of ${atOnce} requests at once answered by ${elected.filter((n) => n > 0).length} nodes, one of them ${Math.max(...elected)} times`,
  )
  return isReady && factors >= nodes && answers.every(Boolean)
}

const rowsOf = async ({ control }: Front): Promise<StatusReport['nodes']> =>
  ((await (await fetch(new URL('/api/status', control))).json()) as StatusReport).nodes

const seconds = (from: number): string => ((performance.now() - from) / 1_000).toFixed(1)

/** The nodes that talk to a proxy. */
const mine = (at: number): readonly number[] =>
  Array.from({ length: Math.ceil((nodes - at) / count) }, (_, i) => at + i * count)

function registration(node: number, port: number): string[] {
  return [
    `CONFIG JVMRoute=node${node}&Host=127.7.${node >> 8}.${node & 255}&Port=${port}&Type=http`,
    `ENABLE-APP JVMRoute=node${node}&Alias=localhost&Context=/app${node % 10}`,
    `STATUS JVMRoute=node${node}&Load=${40 + (node % 20)}`,
  ]
}

/** Each node in its turn, so many times a second; what is late is sent at once. */
async function reports(at: number, signal: AbortSignal): Promise<void> {
  const own = mine(at)
  const begun = performance.now()
  let sent = 0
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * hz * own.length)
    const batch = Array.from({ length: Math.min(due - sent, own.length) }, (_, i) => {
      const turn = sent + i
      return `STATUS JVMRoute=node${own[turn % own.length]}&Load=${40 + (turn % 23)}`
    })
    await fronts[at]?.lanes.send(batch).catch(() => {
      refused += 1
    })
    sent += batch.length
    reported += batch.length
    await pause(batchMs)
  }
}

async function changes(signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const node = (turn * 7_919) % nodes
    const route = `node${node}`
    const isEnabled = wanted.get(route) !== 'DISABLED'
    const method = isEnabled ? 'DISABLE-APP' : 'ENABLE-APP'
    const message = `${method} JVMRoute=${route}&Alias=localhost&Context=/app${node % 10}`
    await fronts[turn % count]?.orders.send([message])
    wanted.set(route, isEnabled ? 'DISABLED' : 'ENABLED')
    await pause(1_000)
  }
}

async function requests(front: Front, signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    if (await isServed(front, turn)) answered += 1
    else failed += 1
    await pause(50)
  }
}

const isServed = ({ traffic }: Front, turn: number): Promise<boolean> =>
  new Promise((resolve) => {
    get(`${traffic}app${turn % 10}`, { agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200))
    }).once('error', () => resolve(false))
  })

async function statuses(): Promise<readonly StatusReport[]> {
  const asked = fronts.map(async ({ control }) =>
    (await fetch(new URL('/api/status', control))).json(),
  )
  return (await Promise.all(asked)) as StatusReport[]
}

const modes = async (): Promise<readonly (string | undefined)[]> =>
  (await statuses()).map(({ cluster }) => cluster?.mode)

const isEqual = async (): Promise<boolean> => (await differences()).length === 0

/** What a proxy does not know that was accepted. */
async function differences(): Promise<readonly string[]> {
  return (await statuses()).flatMap(({ nodes: rows }, at) => {
    const states = new Map(rows.map(({ route, contexts }) => [route, contexts[0]?.status]))
    return Array.from({ length: nodes }, (_, node) => `node${node}`)
      .filter((route) => states.get(route) !== (wanted.get(route) ?? 'ENABLED'))
      .map((route) => `front-${at}: ${route} is ${states.get(route) ?? 'absent'}`)
  })
}

function snapshot(): readonly (readonly Usage[])[] {
  return [
    fronts.map(({ running }) => usageOf(running.child.pid ?? 0)),
    nats.servers.map(({ pid }) => usageOf(pid)),
  ]
}

function show(
  minute: number,
  before: ReturnType<typeof snapshot>,
  after: ReturnType<typeof snapshot>,
  s: number,
  rate: number,
): void {
  const parts = names.map((name, kind) => {
    const used = (after[kind] ?? []).map(
      (usage, at) => ((usage.seconds - (before[kind]?.[at]?.seconds ?? 0)) / s) * 100,
    )
    const cpu = used.map((percent) => percent.toFixed(1)).join(' ')
    const memory = (after[kind] ?? []).map(({ megabytes }) => megabytes.toFixed(0)).join(' ')
    return `${name}: ${cpu} % of a core, ${memory} MB`
  })
  console.log(
    `minute ${minute}: ${rate.toFixed(0)} reports a second; ${parts.join('; ')}; ${failed} failed`,
  )
}

try {
  for (let at = 0; at < count; at++) fronts.push(await startFront(at))
  await run()
} finally {
  for (const { running } of fronts) running.child.kill('SIGKILL')
  await nats.close()
  await origin.close()
  rmSync(home, { recursive: true, force: true })
}
