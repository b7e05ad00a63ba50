// The upgrade of `topspin serve`, for `topspin upgrade`: the program is started anew from its own path, takes everything
// over, and this process ends. One at a time.

import { readFileSync } from 'node:fs'
import type { Logger } from '../base/log.ts'
import { packageVersion } from '../base/package-version.ts'
import { formatProblem } from '../config/problem.ts'
import type { UpgradeOutcome } from '../control/operations.ts'
import type { Serving } from '../server/serving.ts'
import { type ServiceManager, servingStatus } from '../server/systemd/service-manager.ts'
import { upgradeRefusal } from '../server/upgrade/refusal.ts'
import type { Successor } from '../server/upgrade/successor.ts'
import type { Reloads } from './reloads.ts'

interface Served {
  readonly serving: Serving
  readonly log: Logger
  readonly manager: ServiceManager | undefined
}

/** Variables with the id of a process, or about its descriptors. */
const ofThisProcess = ['WATCHDOG_PID', 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const

export class Upgrades {
  /** Resolves when another process has taken over. */
  readonly done: Promise<Successor>
  /** As this process was started. */
  readonly #environment: NodeJS.ProcessEnv
  #resolve: (successor: Successor) => void = () => {}
  #served: Served | undefined
  #running: Promise<UpgradeOutcome> | undefined
  #successor: Successor | undefined
  readonly #ending: AbortController = new AbortController()

  /** @param environment before anything is removed from it. */
  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = { ...environment }
    for (const name of ofThisProcess) delete this.#environment[name]
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  begin(served: Served): void {
    this.#served = served
  }

  get isRunning(): boolean {
    return this.#running !== undefined && this.#successor === undefined
  }

  /** Waits for the end of an upgrade. @returns the process that has taken over, if one has. */
  async settled(): Promise<Successor | undefined> {
    await this.#running
    return this.#successor
  }

  /** Never rejects. @param reloads end before it begins. */
  async upgrade(reloads: Pick<Reloads, 'ended' | 'outages'>): Promise<UpgradeOutcome> {
    const { pid, ppid } = process
    const environment = this.#environment
    const refuse = (problem: string): UpgradeOutcome => ({ ok: false, problems: [problem] })
    if (this.#served === undefined) return refuse('the proxy is starting')
    if (this.#ending.signal.aborted) return refuse('the proxy is ending')
    if (this.#running !== undefined) return refuse('another upgrade is under way')
    const refusal = upgradeRefusal({ pid, ppid, environment, init: nameOfInit() })
    if (refusal !== undefined) return refuse(refusal)
    this.#running = this.#run(this.#served, reloads)
    const outcome = await this.#running
    // Of the process that has taken over, another upgrade may be ordered.
    if (!outcome.ok) this.#running = undefined
    return outcome
  }

  /** Ends an upgrade that is under way. Resolves when this process either goes on alone or is replaced. */
  end(): Promise<Successor | undefined> {
    this.#ending.abort()
    return this.settled()
  }

  async #run(served: Served, reloads: Pick<Reloads, 'ended' | 'outages'>): Promise<UpgradeOutcome> {
    const { serving, log, manager } = served
    await reloads.ended
    log.info({}, 'upgrade begins')
    void manager?.reloading()
    try {
      const outages = await reloads.outages()
      const outcome =
        outages.length > 0
          ? { ok: false as const, problems: outages.map(formatProblem) }
          : await this.#handOver(served)
      if (outcome.ok) return outcome
      log.error({ problems: outcome.problems }, 'not upgraded: this process goes on')
      void manager?.readyInstead(servingStatus(serving.listening))
      return outcome
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      log.error({ reason }, 'fault in the upgrade: this process goes on')
      void manager?.readyInstead(servingStatus(serving.listening))
      return { ok: false, problems: [reason] }
    }
  }

  async #handOver({ serving, log, manager }: Served): Promise<UpgradeOutcome> {
    const [, script = ''] = process.argv
    const launch = {
      file: process.execPath,
      args: [
        ...process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
        script,
        ...process.argv.slice(2),
      ],
      environment: this.#environment,
    }
    const result = await serving.handOver(launch, this.#ending.signal)
    if (!result.ok) return result
    const { successor, version } = result
    this.#successor = successor
    manager?.end()
    const next = { pid: successor.pid, version }
    const ending = { pid: process.pid, version: packageVersion() }
    log.info({ pid: next.pid, version }, 'upgraded: this process ends with its connections')
    this.#resolve(successor)
    return { ok: true, serving: next, ending, withinMs: serving.replacedMs }
  }
}

function nameOfInit(): string {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim()
  } catch {
    return ''
  }
}
