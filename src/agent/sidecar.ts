// `topspin agent`: joins the cluster on behalf of a server that has no agent. Starts the command if there is one, waits
// until the target answers, registers it and reports the load of the machine, or -1 while the target is unhealthy.
// On SIGTERM it drains before it passes the signal on.

import { systemClock } from '../base/clock.ts'
import { waitUntil } from '../base/wait.ts'
import { Command } from '../host/command.ts'
import { distinctSignals } from '../host/distinct-signals.ts'
import { TargetCheck } from '../net/target-check.ts'
import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import type { JoinOptions } from './join-cluster.ts'
import { LoadFactor } from './load-factor.ts'
import type { LoadMetric } from './load-metric.ts'
import type { MemberServer } from './member-server.ts'
import { Membership } from './membership.ts'
import { memory } from './metrics/memory.ts'
import { processor } from './metrics/processor.ts'
import { agentDefaults, type NodeOptions } from './options.ts'
import { badOptions, type ServerType, type Settings, settingsFrom } from './settings.ts'

/** `host` and `port` are the target's by default; only proxies of this machine can use a loopback address. */
interface SidecarOptions
  extends Omit<NodeOptions, 'capacity'>,
    Pick<JoinOptions, 'required' | 'requiredMs'> {
  /**
   * URL of the server, `http://host:port` or `https://host:port`; health checks request its path. With `h2c://` or `h2://`
   * (TLS) it speaks HTTP/2 alone, as a server of gRPC.
   */
  readonly target: string
  /** Path that health checks request. Default: that of the target. */
  readonly healthPath?: string
  /** Program and arguments of the server. Default: the server runs already. */
  readonly command?: readonly string[]
  /** Deadline for the first answer of the target, milliseconds. Default 60 000. */
  readonly startDeadlineMs?: number
  /** Milliseconds between two health checks of the target. Default 1000. */
  readonly probeIntervalMs?: number
}

type Ending =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'exit'; readonly code: number }
  /** The target never answered, or no proxy has registered the node. */
  | { readonly kind: 'failed' }

/**
 * Runs until the command ends or SIGTERM or SIGINT arrives; a second signal ends the draining. Resolves with the exit
 * code: the command's, 128 + signal when a signal ended it, 1 when the target never answered or a required proxy did not
 * register it, otherwise 0.
 * @throws TopspinError for bad options.
 */
export async function runSidecar(options: SidecarOptions): Promise<number> {
  const sidecar = new Sidecar(options)
  const onSignal = distinctSignals<NodeJS.Signals>(
    (signal) => sidecar.end({ kind: 'signal', signal }),
    () => sidecar.hurry(),
  )
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  const command = Command.start(options.command)
  void command?.exited.then((code) => sidecar.end({ kind: 'exit', code }))
  const ending = await sidecar.run()
  const code = await endCommand(ending, command)
  process.off('SIGTERM', onSignal)
  process.off('SIGINT', onSignal)
  return code
}

class Sidecar {
  readonly #options: SidecarOptions
  readonly #check: TargetCheck
  readonly #settings: Settings
  readonly #server: TargetServer
  readonly #over = new AbortController()
  #membership: Membership | undefined
  #ending: Ending | undefined

  constructor(options: SidecarOptions) {
    const { metrics = [processor({ weight: 2 }), memory()] } = options
    this.#options = options
    const target = readTarget(options.target)
    this.#check = new TargetCheck(new URL(options.healthPath ?? '', target))
    const type = target.protocol.slice(0, -1) as ServerType
    const host = options.host ?? target.hostname.replace(/^\[|\]$/g, '')
    const port = Number(target.port || (type === 'https' || type === 'h2' ? 443 : 80))
    this.#settings = settingsFrom({ ...options, host }, type, port)
    const { load, log } = this.#settings
    const isDefaultLoad = options.metrics === undefined
    this.#server = new TargetServer(metrics, new LoadFactor(metrics, load, log), isDefaultLoad)
  }

  /** Ends the waits of the draining. */
  hurry(): void {
    this.#membership?.hurry()
  }

  /** Only the first ending counts. */
  end(ending: Ending): void {
    this.#ending ??= ending
    this.#over.abort()
  }

  /** Resolves after the end, when the node has left the cluster. */
  async run(): Promise<Ending> {
    if (await this.#waitForTarget()) {
      this.#server.isHealthy = true
      this.#membership = new Membership(this.#settings, this.#server)
      void this.#membership.join()
      if (this.#options.required === true) void this.#requireProxy(this.#membership)
      await this.#watchTarget(this.#membership)
    }
    const ending = this.#ending ?? this.#neverAnswered()
    // A server that has exited has no requests in flight.
    if (ending.kind === 'exit') this.#membership?.hurry()
    await this.#membership?.leave()
    this.#check.close()
    this.#server.close()
    return ending
  }

  #neverAnswered(): Ending {
    const fields = { target: this.#options.target, withinMs: this.#startDeadlineMs }
    this.#settings.log.error({ ...fields, reason: this.#check.reason }, 'target never answered')
    return { kind: 'failed' }
  }

  get #startDeadlineMs(): number {
    return this.#options.startDeadlineMs ?? agentDefaults.startDeadlineMs
  }

  async #waitForTarget(): Promise<boolean> {
    const { log } = this.#settings
    const waiting = setInterval(() => {
      const fields = { target: this.#options.target, reason: this.#check.reason }
      log.warn(fields, 'waiting for the target to answer')
    }, agentDefaults.waitingLogMs)
    const answers = await waitUntil(() => this.#check.check(), {
      withinMs: this.#startDeadlineMs,
      everyMs: 100,
      signal: this.#over.signal,
    })
    clearInterval(waiting)
    return answers && !this.#over.signal.aborted
  }

  /** Ends the sidecar unless a proxy registers the node in time. */
  async #requireProxy(membership: Membership): Promise<void> {
    const { requiredMs = agentDefaults.requiredMs } = this.#options
    const { signal } = this.#over
    const wait = { withinMs: requiredMs, signal }
    if ((await waitUntil(() => membership.isRegistered, wait)) || signal.aborted) return
    this.#settings.log.error({ withinMs: requiredMs }, 'no proxy has registered this node')
    membership.hurry()
    this.end({ kind: 'failed' })
  }

  /** Checks the target until the end; a change of its health is reported at once. */
  async #watchTarget(membership: Membership): Promise<void> {
    const check = async (): Promise<boolean> => {
      const isHealthy = await this.#check.check()
      if (isHealthy !== this.#server.isHealthy) {
        this.#server.isHealthy = isHealthy
        const { log } = this.#settings
        const { target } = this.#options
        if (isHealthy) log.info({ target }, 'target answers again')
        else log.warn({ target, reason: this.#check.reason }, 'target stopped answering')
        membership.report()
      }
      return false
    }
    await waitUntil(check, {
      withinMs: Number.POSITIVE_INFINITY,
      everyMs: this.#options.probeIntervalMs ?? agentDefaults.probeIntervalMs,
      signal: this.#over.signal,
    })
  }
}

/** A server in another process. */
class TargetServer implements MemberServer {
  readonly host = undefined
  readonly countsRequests = false
  readonly isDefaultLoad: boolean
  isHealthy = false
  readonly #metrics: readonly LoadMetric[]
  readonly #factor: LoadFactor

  constructor(metrics: readonly LoadMetric[], factor: LoadFactor, isDefaultLoad: boolean) {
    this.isDefaultLoad = isDefaultLoad
    this.#metrics = metrics
    this.#factor = factor
  }

  inFlight(): number {
    return 0
  }

  upgraded(): number {
    return 0
  }

  nextLoad(): number {
    const nothing = { inFlight: 0, busyMs: 0, completed: 0, bytesIn: 0, bytesOut: 0 }
    const load = this.#factor.next({ ...nothing, nowMs: systemClock.now() })
    return this.isHealthy ? load : -1
  }

  get metrics(): readonly MetricValue[] {
    return this.#factor.metrics
  }

  stopped(): void {}

  close(): void {
    for (const metric of this.#metrics) metric.close?.()
  }
}

/** The exit code of the sidecar. */
async function endCommand(ending: Ending, command: Command | undefined): Promise<number> {
  if (ending.kind === 'exit') return ending.code
  const hasFailed = ending.kind === 'failed'
  if (command === undefined) return hasFailed ? 1 : 0
  const code = await command.end(ending.kind === 'signal' ? ending.signal : 'SIGTERM')
  return hasFailed ? 1 : code
}

function readTarget(text: string): URL {
  const target = URL.canParse(text) ? new URL(text) : undefined
  if (target !== undefined && /^(?:https?|h2c?):$/.test(target.protocol) && target.hostname !== '')
    return target
  throw badOptions([
    `target "${text}": write http://host:port or https://host:port, for gRPC h2c://host:port or h2://host:port`,
  ])
}
