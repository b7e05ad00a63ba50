// Keeps a running HAProxy equal to the cluster over its runtime API: looks at what it has, sends the commands that are
// missing, and begins anew after each reload of HAProxy, which forgets what was added.

import type { Clock } from '../../../base/clock.ts'
import { engineLimits, haproxyLimits } from '../../../base/limits.ts'
import type { Logger } from '../../../base/log.ts'
import { throttled } from '../../../base/throttled-log.ts'
import { withDeadline } from '../../../base/wait.ts'
import type { EngineReport } from '../../../control/engine-report.ts'
import type { Engine } from '../engine.ts'
import type { ReadCluster } from '../engines.ts'
import { type Command, commandsFor } from './commands.ts'
import { readBackends, readMap, readPid, readServers } from './present-state.ts'
import { askHaproxy, type RuntimeAddress } from './runtime-connection.ts'
import { targetState } from './target-state.ts'

interface HaproxyWriterOptions {
  readonly address: RuntimeAddress
  /** As the configuration has it, for people. */
  readonly addressText: string
  /** The map file, as HAProxy names it. */
  readonly mapFile: string
  /** What the names of this writer's backends begin with. */
  readonly prefix: string
  /** Further words for each added server. */
  readonly serverOptions: string
  readonly read: ReadCluster
  readonly log: Logger
  readonly clock: Clock
}

/** What is known of HAProxy since the last exchange. */
type Reached =
  | { readonly isConnected: true; readonly sinceMs: number }
  | { readonly isConnected: false; readonly sinceMs: number; readonly reason: string }

export class HaproxyWriter implements Engine {
  readonly #options: HaproxyWriterOptions
  #reached: Reached
  #pid = 0
  /** The backend of each key, which a reload of HAProxy does not change. */
  #assigned: ReadonlyMap<string, string> = new Map()
  #problems: readonly string[] = []
  #failed: readonly string[] = []
  /** Changes until now, and those that HAProxy has. */
  #wanted = 1
  #inForce = 0
  #comparedAt = Number.NEGATIVE_INFINITY
  #round: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #closed = new AbortController()
  /** Limited: a comparison can have as many problems as there are nodes and contexts. */
  readonly #log: Logger

  constructor(options: HaproxyWriterOptions) {
    this.#options = options
    this.#log = throttled(options.log, options.clock, engineLimits.problemsMax)
    this.#reached = { isConnected: false, sinceMs: options.clock.now(), reason: 'not tried yet' }
  }

  start(): void {
    if (this.#isClosed) return
    this.#timer = setInterval(() => void this.#look(), haproxyLimits.lookMs)
    void this.#look()
  }

  async changed(isUrgent: boolean): Promise<void> {
    this.#wanted += 1
    if (!isUrgent || !this.#reached.isConnected) return
    await withDeadline(this.#bringIn(this.#wanted), engineLimits.inForceMs, () => {})
  }

  reports(): readonly EngineReport[] {
    const { addressText, clock } = this.#options
    const { isConnected, sinceMs } = this.#reached
    const reasons = this.#reached.isConnected ? [] : [this.#reached.reason]
    return [
      {
        engine: 'haproxy',
        name: '',
        address: addressText,
        isConnected,
        isCurrent: isConnected && this.#inForce === this.#wanted && this.#failed.length === 0,
        stateMs: Math.round(clock.now() - sinceMs),
        problems: [...reasons, ...this.#problems, ...this.#failed].slice(
          0,
          engineLimits.problemsMax,
        ),
      },
    ]
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  #ask(commands: readonly string[]): Promise<readonly string[]> {
    return askHaproxy(this.#options.address, commands, this.#closed.signal)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    clearInterval(this.#timer)
    await this.#round
  }

  /** Resolves when the changes up to this number are in force, or HAProxy is not reached. */
  async #bringIn(number: number): Promise<void> {
    while (this.#inForce < number && !this.#isClosed) {
      const isOwn = this.#round === undefined
      await this.#begin()
      if (isOwn && !this.#reached.isConnected) return
    }
  }

  /** Every 200 ms: whether HAProxy was reloaded; every second changes of weights; every 10 s all. */
  async #look(): Promise<void> {
    if (this.#round !== undefined) return
    const { clock } = this.#options
    const sinceMs = clock.now() - this.#comparedAt
    const isChanged = this.#inForce < this.#wanted || this.#failed.length > 0
    if (sinceMs >= (isChanged ? haproxyLimits.weightsMs : haproxyLimits.compareMs))
      return this.#begin()
    try {
      const [info = ''] = await this.#ask(['show info'])
      if (readPid(info) !== this.#pid) await this.#begin()
    } catch (error) {
      this.#unreached(error)
    }
  }

  #begin(): Promise<void> {
    this.#round ??= this.#compare()
      .catch((error: unknown) => this.#unreached(error))
      .finally(() => {
        this.#round = undefined
      })
    return this.#round
  }

  /** Reads what HAProxy has, and sends what is missing. */
  async #compare(): Promise<void> {
    if (this.#isClosed) return
    const { mapFile, prefix, serverOptions, read, clock } = this.#options
    const number = this.#wanted
    this.#comparedAt = clock.now()
    const [info = '', backendText = '', serverText = '', mapText = ''] = await this.#ask([
      'show info',
      'show backend',
      'show servers state',
      `show map ${mapFile}`,
    ])
    this.#pid = readPid(info)
    const backends = readBackends(backendText).filter((name) => name.startsWith(prefix))
    const present = { servers: readServers(serverText), map: readMap(mapText) }
    if (this.#assigned.size === 0) this.#assigned = present.map
    const target = targetState(read(), backends, this.#assigned)
    this.#assigned = target.map
    const problems = [...target.problems]
    if (backends.length === 0)
      problems.unshift(
        `no backend's name begins with ${prefix}: configure some, see docs/haproxy.md`,
      )
    if (/^(?:Unknown map|'show map' expects)/.test(mapText))
      problems.unshift(`HAProxy has no map ${mapFile}: name it as its configuration does`)
    const commands = commandsFor(present, target, { mapFile, serverOptions })
    this.#failed = await this.#send(commands)
    this.#report(problems)
    this.#inForce = number
    this.#connected(commands.length)
  }

  /** One command that fails does not stop the others. @returns what has failed. */
  async #send(commands: readonly Command[]): Promise<readonly string[]> {
    if (commands.length === 0) return []
    const texts = commands.map(({ text }) => text)
    const answers = await this.#ask(texts)
    const failed = commands.flatMap(({ text, expected }, at) => {
      const answer = (answers[at] ?? '').slice(0, haproxyLimits.failureTextMax)
      return expected.test(answer) ? [] : [`${text}: ${answer}`]
    })
    return failed.slice(0, engineLimits.problemsMax)
  }

  /** Logs the problems that were not there before. */
  #report(problems: readonly string[]): void {
    const known = new Set(this.#problems)
    for (const problem of problems)
      if (!known.has(problem)) this.#log.warn({ problem }, 'HAProxy cannot serve all')
    this.#problems = problems
  }

  #connected(commands: number): void {
    const { clock, addressText } = this.#options
    for (const failure of this.#failed) this.#log.debug({ failure }, 'HAProxy refused a command')
    if (this.#reached.isConnected) return
    this.#reached = { isConnected: true, sinceMs: clock.now() }
    this.#log.info({ haproxy: addressText, pid: this.#pid, commands }, 'HAProxy has the cluster')
  }

  #unreached(error: unknown): void {
    const { clock, addressText } = this.#options
    if (this.#isClosed) return
    const reason = error instanceof Error ? error.message : String(error)
    this.#pid = 0
    if (!this.#reached.isConnected && this.#reached.reason === reason) return
    this.#reached = { isConnected: false, sinceMs: clock.now(), reason }
    this.#log.warn({ haproxy: addressText, reason }, 'HAProxy is not reached')
  }
}
