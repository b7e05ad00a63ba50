// `node dist/bench/peers.js [--seconds N] [--load SHARE] [--service MS] [--only TEXT]`: five web servers, one of them at a quarter of the
// speed of the others, asked in turn by clients that know nothing, as behind DNS: how long requests take
// without hand-over, and with it under several cascades.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { peerCascade } from '../src/candidacy/index.ts'
import type { QueueServerOptions } from './peers/queue-server.ts'

const speeds = [1, 1, 1, 1, 0.25]
const warmUpSeconds = 15
/** The first part of the warm-up: a fifth of the load, in which servers find out how quick they are. */
const gentleSeconds = 8
/** How long the last requests are waited for. */
const drainMs = 5_000
const historical = 'byAge 5, byRandom, byLogWindow, byCost'
const cascades = [
  'off',
  'byAge 5, byLoad',
  historical,
  `${historical}, addPrediction`,
  'byAge 5, byRandom, byLogWindow, byLoad',
  peerCascade.join(', '),
]

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const seconds = Number(flag('--seconds') ?? 60)
const share = Number(flag('--load') ?? 0.7)
const serviceMs = Number(flag('--service') ?? 10)
const perSecond = (speeds.reduce((sum, speed) => sum + speed, 0) * 1_000 * share) / serviceMs

interface Figures {
  readonly times: number[]
  readonly unanswered: number
  readonly failed: number
  readonly handed: number
  readonly here: number
  /** Largest share of one server in the requests of a second. */
  readonly peak: number
}

console.log(
  `${speeds.length} servers, speeds ${speeds.join(' ')}; ${serviceMs} ms a request at speed 1; ` +
    `${Math.round(perSecond)} requests a second (${share * 100} % of what all can do) for ${seconds} s\n`,
)
console.log(
  '| cascade | mean, ms | p50 | p99 | handed over | largest share of a server in a second |',
)
console.log('| --- | --- | --- | --- | --- | --- |')
const only = flag('--only')
for (const [index, candidacy] of cascades.entries()) {
  if (only !== undefined && !candidacy.includes(only)) continue
  const { times, unanswered, failed, handed, here, peak } = await measure(candidacy, 45_000 + index)
  times.sort((a, b) => a - b)
  const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(1)
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
  const more = `${unanswered > 0 ? ` (${unanswered} not answered in the end)` : ''}${failed > 0 ? ` (${failed} FAILED)` : ''}`
  console.log(
    `| \`${candidacy}\`${more} | ${mean.toFixed(1)} | ${at(0.5)} | ${at(0.99)} | ${Math.round((100 * handed) / (handed + here))} % | ${Math.round(100 * peak)} % |`,
  )
}
process.exit()

async function measure(candidacy: string, groupPort: number): Promise<Figures> {
  const servers = await Promise.all(
    speeds.map((speed, index) =>
      start({
        name: `s${index + 1}`,
        group: `239.255.77.9:${groupPort}`,
        candidacy,
        speed,
        serviceMs,
      }),
    ),
  )
  while ((await ask(servers[0]?.child)).known < speeds.length) await pause(100)
  const agent = new Agent({ keepAlive: true, maxSockets: 20_000 })
  const times: number[] = []
  const open = new Set<number>()
  const bySecond: Map<string, number>[] = []
  let failed = 0
  const begun = performance.now()
  const measuredFrom = begun + warmUpSeconds * 1_000
  const end = measuredFrom + seconds * 1_000
  let next = begun
  for (let turn = 0; performance.now() < end; turn++) {
    // Open loop: people do not wait for each other.
    const pace = next - begun < gentleSeconds * 1_000 ? perSecond * (0.2 / share) : perSecond
    next += (-Math.log(1 - Math.random()) * 1_000) / pace
    const wait = next - performance.now()
    if (wait > 0) await pause(wait)
    const sentAt = performance.now()
    if (sentAt >= measuredFrom) open.add(sentAt)
    const done = (by: string | undefined): void => {
      if (!open.delete(sentAt)) return
      if (by === undefined) failed++
      else times.push(performance.now() - sentAt)
    }
    send(servers[turn % servers.length]?.port ?? 0, agent, (by) => {
      done(by)
      const second = Math.floor((performance.now() - begun) / 1_000)
      bySecond[second] ??= new Map()
      const counts = bySecond[second]
      if (by !== undefined) counts?.set(by, (counts.get(by) ?? 0) + 1)
    })
  }
  while (open.size > 0 && performance.now() < end + drainMs) await pause(20)
  // Those that are still waiting count with the time that they have waited.
  const unanswered = open.size
  for (const sentAt of open) times.push(performance.now() - sentAt)
  open.clear()
  let handed = 0
  let here = 0
  for (const { child } of servers) {
    const { counts } = await ask(child)
    handed += counts.handed
    here += counts.here
  }
  agent.destroy()
  for (const { child } of servers) {
    child.kill('SIGKILL')
    running.delete(child)
  }
  return {
    times,
    unanswered,
    failed,
    handed,
    here,
    peak: peakOf(bySecond.slice(warmUpSeconds, -1)),
  }
}

function peakOf(bySecond: readonly Map<string, number>[]): number {
  const shares = bySecond.filter(Boolean).flatMap((counts) => {
    const all = [...counts.values()]
    const sum = all.reduce((one, other) => one + other, 0)
    // A second in which this machine did something else says nothing.
    return sum < perSecond / 3 ? [] : [Math.max(...all) / sum]
  })
  return Math.max(...shares)
}

function send(port: number, agent: Agent, done: (by: string | undefined) => void): void {
  request({ host: '127.0.0.1', port, agent }, (response) => {
    response.resume()
    response.on('end', () => done(String(response.headers['x-served-by'])))
  })
    .on('error', () => done(undefined))
    .end()
}

async function start(options: QueueServerOptions): Promise<{ child: ChildProcess; port: number }> {
  const program = fileURLToPath(new URL('peers/queue-server.js', import.meta.url))
  const child = fork(program, [JSON.stringify(options)], { silent: true })
  running.add(child)
  const [text] = (await once(child.stdout as NodeJS.EventEmitter, 'data')) as [Buffer]
  return { child, port: (JSON.parse(text.toString()) as { port: number }).port }
}

interface Told {
  readonly known: number
  readonly counts: { readonly handed: number; readonly here: number }
}

async function ask(child: ChildProcess | undefined): Promise<Told> {
  if (child === undefined) throw new Error('no server')
  const answer = once(child, 'message')
  child.send('tell')
  return (await answer)[0] as Told
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function flag(name: string): string | undefined {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
