// `topspin demo`: a proxy and three applications as processes of their own, light traffic, and one node
// that is redeployed again and again, with a table of how everyone is. Ends when told, with all its processes.

import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../base/clock.ts'
import type { Listening } from '../../server/serving.ts'
import { exitCodes } from '../exit-codes.ts'
import { fetchReport } from '../fetch-report.ts'
import type { DemoOptions } from '../program.ts'
import { onStopSignals } from '../stop-signals.ts'
import { type Child, ChildFailed, startChild } from './child.ts'
import { nodeViews } from './node-views.ts'
import { createPainter, type DemoView } from './screen.ts'
import { Tally } from './tally.ts'
import { startTraffic, type Traffic } from './traffic.ts'

/** The nodes: c does everything twice and says so. */
const nodes = [
  { route: 'a', strength: 100 },
  { route: 'b', strength: 100 },
  { route: 'c', strength: 50 },
] as const

const redeployed = nodes[2]

/** Quiet between two redeploys, ms. */
const redeployEveryMs = 5_000
const frameMs = 500
const lineEveryMs = 2_000

/** Resolves with the exit code: 1 when a request failed. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const demo = new Demo(options)
  const stopping = new AbortController()
  const off = onStopSignals({
    signals: ['SIGTERM', 'SIGINT', 'SIGHUP'],
    begin: () => stopping.abort(),
    now: () => demo.kill(),
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

/** What a process of the demo said, with the advice in the demo's own flags. */
function adviceFor(error: ChildFailed): string {
  return error.message.replace('topspin serve --listen', 'npm start -- --listen')
}

class Demo {
  readonly #options: DemoOptions
  readonly #tally = new Tally(systemClock)
  readonly #applications = new Map<string, Child<unknown>>()
  #proxy: Child<Listening> | undefined
  #traffic: Traffic | undefined
  #redeploys = 0
  #doing = ''

  constructor(options: DemoOptions) {
    this.#options = options
  }

  get failed(): number {
    return this.#tally.failed
  }

  async start(): Promise<void> {
    this.#proxy = await startChild<Listening>('./proxy.js', [
      this.#options.listen,
      this.#options.control,
    ])
    await Promise.all(nodes.map((node) => this.#startApplication(node)))
    const [url = ''] = this.#proxy.ready.traffic
    this.#traffic = startTraffic({
      to: url,
      tally: this.#tally,
      clock: systemClock,
      random: Math.random,
    })
  }

  /** Until it is told to stop. Throws a ChildFailed when one of its processes dies or does not start. */
  async run(stop: AbortSignal): Promise<void> {
    const proxy = this.#proxy
    if (proxy === undefined) return
    const told = new Promise<void>((resolve) => {
      if (stop.aborted) resolve()
      stop.addEventListener('abort', () => resolve())
    })
    const died = proxy.ended.then(() => {
      throw new ChildFailed(exitCodes.failure, 'the proxy of the demo died')
    })
    const painter = createPainter(process.stdout, lineEveryMs, () => systemClock.now())
    const paint = async (): Promise<void> => painter.paint(await this.#view(proxy.ready))
    const work = Promise.all([
      repeatUntil(told, frameMs, paint),
      repeatUntil(told, redeployEveryMs, () => this.#redeploy()),
    ])
    try {
      await Promise.race([work, died])
      await this.#traffic?.stop()
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
    await this.#traffic?.stop()
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
    const args = [node.route, String(node.strength), control]
    this.#applications.set(node.route, await startChild('./application.js', args))
  }

  /** What a deploy does: the old process is told to end, the new one starts when it has. */
  async #redeploy(): Promise<void> {
    this.#doing = `draining ${redeployed.route}`
    await this.#applications.get(redeployed.route)?.stop()
    this.#doing = `starting ${redeployed.route}`
    await this.#startApplication(redeployed)
    this.#redeploys++
    this.#doing = ''
  }

  async #view(listening: Listening): Promise<DemoView> {
    const report = await fetchReport(new URL(listening.control).host)
    const routes = nodes.map((node) => node.route)
    return {
      trafficUrl: listening.traffic[0] ?? '',
      controlUrl: listening.control,
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

/** Pause and step, again and again until it is over; the step under way is ended. */
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
