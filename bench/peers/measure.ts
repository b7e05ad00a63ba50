// A cluster of servers of given strength (queue-server.ts) that is asked in turn by clients that know nothing, as
// behind DNS: how long its requests take. Called by ../peers.ts and by a scene.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { QueueServerOptions } from './queue-server.ts'

export interface Trial {
  readonly candidacy: string
  /** `host:port` of a multicast group that nobody else uses. */
  readonly group: string
  /** Of each server, beside the others. */
  readonly speeds: readonly number[]
  /** Mean time of a request at speed 1, ms. */
  readonly serviceMs: number
  /** Of what all servers can do together, 0..1. */
  readonly load: number
  /** At a fifth of the load, for servers to find out how quick they are; not measured. */
  readonly gentleSeconds: number
  /** At full load, not measured. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface Figures {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  /** Requests that were still waiting in the end; they count with the time that they have waited. */
  readonly unanswered: number
  readonly failed: number
  /** Share of the requests that arrived which were handed over, 0..1. */
  readonly handed: number
  /** Largest share of one server in the answers of one second, 0..1. */
  readonly peak: number
}

/** How long the last requests are waited for. */
const drainMs = 5_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export const requestsPerSecond = ({ speeds, load, serviceMs }: Trial): number =>
  (speeds.reduce((sum, speed) => sum + speed, 0) * 1_000 * load) / serviceMs

export async function measure(trial: Trial): Promise<Figures> {
  const { speeds, candidacy, group, serviceMs } = trial
  const servers = await Promise.all(
    speeds.map((speed, index) =>
      start({ name: `s${index + 1}`, group, candidacy, speed, serviceMs }),
    ),
  )
  while ((await ask(servers[0]?.child)).known < speeds.length) await pause(100)
  const drive = new Drive(trial)
  await drive.run(servers.map(({ port }) => port))
  let handed = 0
  let all = 0
  for (const { child } of servers) {
    const { counts } = await ask(child)
    handed += counts.handed
    all += counts.handed + counts.here
  }
  for (const { child } of servers) {
    child.kill('SIGKILL')
    running.delete(child)
  }
  return { ...drive.figures(), handed: handed / all }
}

/** The clients. */
class Drive {
  readonly #trial: Trial
  readonly #times: number[] = []
  readonly #open = new Set<number>()
  readonly #bySecond: Map<string, number>[] = []
  #unanswered = 0
  #failed = 0

  constructor(trial: Trial) {
    this.#trial = trial
  }

  async run(ports: readonly number[]): Promise<void> {
    const { gentleSeconds, warmUpSeconds, seconds, load } = this.#trial
    const agent = new Agent({ keepAlive: true, maxSockets: 20_000 })
    const full = requestsPerSecond(this.#trial)
    const begun = performance.now()
    const gentleEnd = begun + gentleSeconds * 1_000
    const measuredFrom = gentleEnd + warmUpSeconds * 1_000
    const end = measuredFrom + seconds * 1_000
    let next = begun
    for (let turn = 0; performance.now() < end; turn++) {
      // Open loop: people do not wait for each other.
      const pace = next < gentleEnd ? (full * 0.2) / load : full
      next += (-Math.log(1 - Math.random()) * 1_000) / pace
      const wait = next - performance.now()
      if (wait > 0) await pause(wait)
      const sentAt = performance.now()
      if (sentAt >= measuredFrom) this.#open.add(sentAt)
      send(ports[turn % ports.length] ?? 0, agent, (by) => this.#done(sentAt, by, measuredFrom))
    }
    while (this.#open.size > 0 && performance.now() < end + drainMs) await pause(20)
    this.#unanswered = this.#open.size
    for (const sentAt of this.#open) this.#times.push(performance.now() - sentAt)
    this.#open.clear()
    agent.destroy()
  }

  #done(sentAt: number, by: string | undefined, measuredFrom: number): void {
    const now = performance.now()
    if (this.#open.delete(sentAt)) {
      if (by === undefined) this.#failed++
      else this.#times.push(now - sentAt)
    }
    const second = Math.floor((now - measuredFrom) / 1_000)
    if (by === undefined || second < 0 || second >= this.#trial.seconds) return
    const counts = this.#bySecond[second] ?? new Map<string, number>()
    this.#bySecond[second] = counts.set(by, (counts.get(by) ?? 0) + 1)
  }

  figures(): Omit<Figures, 'handed'> {
    const times = this.#times.sort((a, b) => a - b)
    const at = (part: number): number => times[Math.floor(times.length * part)] ?? 0
    return {
      mean: times.reduce((sum, ms) => sum + ms, 0) / times.length,
      p50: at(0.5),
      p99: at(0.99),
      unanswered: this.#unanswered,
      failed: this.#failed,
      peak: this.#peak(),
    }
  }

  #peak(): number {
    const shares = this.#bySecond.filter(Boolean).flatMap((counts) => {
      const all = [...counts.values()]
      const sum = all.reduce((one, other) => one + other, 0)
      // A second in which this machine did something else says nothing.
      return sum < requestsPerSecond(this.#trial) / 3 ? [] : [Math.max(...all) / sum]
    })
    return Math.max(...shares)
  }
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
  const program = fileURLToPath(new URL('queue-server.js', import.meta.url))
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
