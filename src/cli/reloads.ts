// The reloads of `topspin serve`, at SIGHUP and for `topspin reload`: one at a time. Whatever the configuration is like, logs
// are opened and certificates read again.

import type { Logger } from '../base/log.ts'
import type { ConfigResult } from '../config/config.ts'
import { type ConfigProblem, formatProblem } from '../config/problem.ts'
import { readTls } from '../config/tls-files.ts'
import type { ReloadOutcome } from '../control/operations.ts'
import type { Serving } from '../server/serving.ts'
import { type ServiceManager, servingStatus } from '../server/systemd/service-manager.ts'

const noKey: ConfigProblem = {
  place: 'configuration',
  path: '',
  message: 'the file sets no key; restart the proxy to return to the defaults',
}

export class Reloads {
  readonly #read: () => ConfigResult
  #served: { readonly serving: Serving; readonly log: Logger } | undefined
  #manager: ServiceManager | undefined
  /** The file in force sets no key. */
  #isEmpty = false
  /** SIGHUP has arrived before the proxy served. */
  #isRequested = false
  #running: Promise<unknown> = Promise.resolve()
  /** The reload after the one that runs. */
  #next: Promise<ReloadOutcome> | undefined

  /** @param read reads the configuration. */
  constructor(read: () => ConfigResult) {
    this.#read = read
  }

  /** The proxy serves this configuration; a reload that was requested before is carried out. */
  begin(
    serving: Serving,
    isEmpty: boolean,
    log: Logger,
    manager: ServiceManager | undefined = undefined,
  ): void {
    this.#manager = manager
    this.#served = { serving, log }
    this.#isEmpty = isEmpty
    if (this.#isRequested) void this.reload()
  }

  /** For SIGHUP. */
  request(): void {
    if (this.#served === undefined) this.#isRequested = true
    else void this.reload()
  }

  /** All requests during a reload share the next one. Never rejects. */
  readonly reload = (): Promise<ReloadOutcome> => {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      const outcome = this.#run()
      this.#running = outcome
      return outcome
    })
    return this.#next
  }

  /** Resolves when no reload is under way. */
  get ended(): Promise<unknown> {
    return this.#running
  }

  /**
   * Why another process with the configuration of now would serve nobody, where this one does. None for a configuration
   * that this version cannot read: another version may.
   */
  async outages(): Promise<readonly ConfigProblem[]> {
    const result = this.#read()
    if (!result.ok || this.#served === undefined) return []
    if (result.isEmpty && !this.#isEmpty) return [noKey]
    return this.#served.serving.outages(result.config)
  }

  async #run(): Promise<ReloadOutcome> {
    if (this.#served === undefined) return { ok: false, problems: ['the proxy is starting'] }
    const { serving, log } = this.#served
    void this.#manager?.reloading()
    serving.reopenLogs()
    try {
      return await this.#reload(serving, log)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.error({ reason }, 'configuration not reloaded')
      return { ok: false, problems: [reason] }
    } finally {
      void this.#manager?.ready(servingStatus(serving.listening))
    }
  }

  async #reload(serving: Serving, log: Logger): Promise<ReloadOutcome> {
    const result = this.#read()
    if (!result.ok) return this.#refuse(result.problems, serving, log)
    if (result.isEmpty && !this.#isEmpty) return this.#refuse([noKey], serving, log)
    const tls = await readTls(result.config)
    if (!tls.ok) return this.#refuse(tls.problems, serving, log)
    const before = serving.listening
    const reload = await serving.reload(result.config, tls.material, result.origins)
    if (!reload.ok) return this.#refuse(reload.problems, serving, log)
    this.#isEmpty = result.isEmpty
    const { changed, restartKeys } = reload
    if (restartKeys.length > 0) log.warn({ keys: restartKeys }, 'changed keys need a restart')
    log.info({ changed }, 'configuration reloaded')
    const { listening } = serving
    if (JSON.stringify(listening) !== JSON.stringify(before)) log.info(listening, 'listening')
    return { ok: true, changed, restart: restartKeys }
  }

  async #refuse(
    problems: readonly ConfigProblem[],
    serving: Serving,
    log: Logger,
  ): Promise<ReloadOutcome> {
    const texts = problems.map(formatProblem)
    log.error({ problems: texts }, 'configuration not reloaded: it has problems')
    const left = await serving.renewTls()
    if (left.length > 0)
      log.error({ problems: left.map(formatProblem) }, 'certificates not read again')
    return { ok: false, problems: texts }
  }
}
