// `topspin demo`: a proxy and three applications as processes of their own, light traffic, and one node that is
// redeployed over and over, with a table of their state. A signal ends it with all its processes.

import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../base/clock.ts'
import type { Listening } from '../../server/serving.ts'
import { exitCodes } from '../failure.ts'
import { fetchReport } from '../remote/fetch.ts'
import { onStopSignals } from '../stop-signals.ts'
import { type Child, ChildFailed, startChild } from './child.ts'
import { DemoClients } from './clients.ts'
import { nodeViews } from './node-views.ts'
import { createPainter, type DemoView } from './screen.ts'
import { Tally } from './tally.ts'

/** Capacity in percent: c does every piece of work twice, and reports itself half as strong. */
const nodes = [
  { route: 'a', capacity: 100 },
  { route: 'b', capacity: 100 },
  { route: 'c', capacity: 50 },
] as const

const redeployed = nodes[2]

/** Pause between two redeploys, ms. */
const redeployEveryMs = 5_000
const frameMs = 500
const lineEveryMs = 2_000

export interface DemoFlags {
  readonly listen: string
  readonly control: string
}

/** Resolves with the exit code: 1 when a request failed. */
export async function runDemo(flags: DemoFlags): Promise<number> {
  const demo = new Demo(flags)
  const stopping = new AbortController()
  const off = onStopSignals({
    signals: ['SIGTERM', 'SIGINT', 'SIGHUP'],
    first: () => stopping.abort(),
    second: () => demo.kill(),
  })
  try {
    await demo.start()
    await demo.run(stopping.signal)
    return demo.failed === 0 ? exitCodes.ok : exitCodes.failure
  } catch (error) {
    if (!(error instanceof ChildFailed)) throw error
    process.stderr.write(`${adviceFor(error)}\n`)
    return error.exitCode
  } finally {
    await demo.end()
    off()
  }
}

/** The error of the child, with advice for `npm start` in place of `topspin serve`. */
function adviceFor(error: ChildFailed): string {
  return error.message.replace('topspin serve --listen', 'npm start -- --listen')
}

class Demo {
  readonly #flags: DemoFlags
  readonly #tally = new Tally(systemClock)
  readonly #applications = new Map<string, Child<unknown>>()
  #proxy: Child<Listening> | undefined
  #clients: DemoClients | undefined
  #redeploys = 0
  #doing = ''

  constructor(flags: DemoFlags) {
    this.#flags = flags
  }

  get failed(): number {
    return this.#tally.failed
  }

  async start(): Promise<void> {
    this.#proxy = await startChild<Listening>('./proxy.js', [
      this.#flags.listen,
      this.#flags.control,
    ])
    await Promise.all(nodes.map((node) => this.#startApplication(node)))
    const [url = ''] = this.#proxy.ready.traffic
    this.#clients = new DemoClients(url, this.#tally, systemClock, Math.random)
  }

  /** Runs until the signal. @throws ChildFailed when one of its processes ends or does not start. */
  async run(signal: AbortSignal): Promise<void> {
    const proxy = this.#proxy
    if (proxy === undefined) return
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve())
    })
    const died = proxy.ended.then(() => {
      throw new ChildFailed(exitCodes.failure, 'the proxy of the demo ended unexpectedly')
    })
    const painter = createPainter(process.stdout, lineEveryMs, () => systemClock.now())
    const paint = async (): Promise<void> => painter.paint(await this.#view(proxy.ready))
    const work = Promise.all([
      repeatUntil(stopped, frameMs, paint),
      repeatUntil(stopped, redeployEveryMs, () => this.#redeploy()),
    ])
    try {
      await Promise.race([work, died])
      await this.#clients?.stop()
      await paint()
    } finally {
      painter.end()
    }
    process.stdout.write(
      `${this.#tally.requests} requests, ${this.#redeploys} redeploys, ${this.failed} failed\n`,
    )
  }

  /** Ends everything in order: traffic, applications, proxy. */
  async end(): Promise<void> {
    await this.#clients?.stop()
    await Promise.all([...this.#applications.values()].map((application) => application.stop()))
    await this.#proxy?.stop()
  }

  /** Ends everything at once. */
  kill(): void {
    for (const application of this.#applications.values()) application.kill()
    this.#proxy?.kill()
    process.exit(exitCodes.failure)
  }

  async #startApplication(node: (typeof nodes)[number]): Promise<void> {
    const control = new URL(this.#proxy?.ready.control ?? '').host
    const args = [node.route, String(node.capacity), control]
    this.#applications.set(node.route, await startChild('./application.js', args))
  }

  /** As a deploy does: stops the old process, then starts the new one. */
  async #redeploy(): Promise<void> {
    this.#doing = `draining ${redeployed.route}`
    await this.#applications.get(redeployed.route)?.stop()
    this.#doing = `starting ${redeployed.route}`
    await this.#startApplication(redeployed)
    this.#redeploys++
    this.#doing = ''
  }

  async #view(listening: Listening): Promise<DemoView> {
    const { control = '' } = listening
    const report = await fetchReport(new URL(control).host)
    const routes = nodes.map((node) => node.route)
    return {
      trafficUrl: listening.traffic[0] ?? '',
      controlUrl: control,
      consoleUrl: listening.console ?? '',
      nodes: nodeViews(routes, report.ok ? report.report : undefined, this.#tally.of(routes)),
      requests: this.#tally.requests,
      failed: this.#tally.failed,
      lastFailure: this.#tally.lastFailure,
      redeploys: this.#redeploys,
      doing: this.#doing,
    }
  }
}

/** Pauses and runs a step, over and over until `over` resolves; a step that has begun is finished. */
async function repeatUntil(
  over: Promise<void>,
  everyMs: number,
  step: () => Promise<void>,
): Promise<void> {
  let ended = false
  void over.then(() => {
    ended = true
  })
  while (!ended) {
    await Promise.race([over, pause(everyMs, undefined, { ref: false })])
    if (!ended) await step()
  }
}
