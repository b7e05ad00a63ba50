// The reloads of `topspin serve` at SIGHUP: one at a time. Whatever the configuration is like, logs are opened and
// certificates read again.

import type { Logger } from '../base/log.ts'
import type { ConfigResult } from '../config/config.ts'
import { type ConfigProblem, formatProblem } from '../config/problem.ts'
import { readTls } from '../config/tls-files.ts'
import type { Serving } from '../server/serving.ts'
import { type ServiceManager, servingStatus } from '../server/systemd/service-manager.ts'

export class Reloads {
  readonly #read: () => ConfigResult
  #serving: Serving | undefined
  #log: Logger | undefined
  #manager: ServiceManager | undefined
  /** The file in force sets no key. */
  #isEmpty = false
  #isRunning = false
  #isRequested = false

  /** @param read reads the configuration. */
  constructor(read: () => ConfigResult) {
    this.#read = read
  }

  /** The proxy serves this configuration; reloads that were requested before are carried out. */
  begin(
    serving: Serving,
    isEmpty: boolean,
    log: Logger,
    manager: ServiceManager | undefined = undefined,
  ): void {
    this.#manager = manager
    this.#serving = serving
    this.#isEmpty = isEmpty
    this.#log = log
    if (this.#isRequested) void this.#run(serving, log)
  }

  /** Requests during a reload lead to one more. */
  request(): void {
    this.#isRequested = true
    if (this.#serving === undefined || this.#log === undefined || this.#isRunning) return
    void this.#run(this.#serving, this.#log)
  }

  async #run(serving: Serving, log: Logger): Promise<void> {
    this.#isRunning = true
    void this.#manager?.reloading()
    while (this.#isRequested) {
      this.#isRequested = false
      serving.reopenLogs()
      try {
        await this.#reload(serving, log)
      } catch (error) {
        log.error({ reason: String(error) }, 'configuration not reloaded')
      }
    }
    this.#isRunning = false
    void this.#manager?.ready(servingStatus(serving.listening))
  }

  async #reload(serving: Serving, log: Logger): Promise<void> {
    const result = this.#read()
    if (!result.ok) return this.#refuse(result.problems, serving, log)
    if (result.isEmpty && !this.#isEmpty)
      return this.#refuse(
        [
          {
            place: 'configuration',
            path: '',
            message: 'the file sets no key; restart the proxy to return to the defaults',
          },
        ],
        serving,
        log,
      )
    const tls = await readTls(result.config)
    if (!tls.ok) return this.#refuse(tls.problems, serving, log)
    const reload = await serving.reload(result.config, tls.material)
    if (!reload.ok) return this.#refuse(reload.problems, serving, log)
    this.#isEmpty = result.isEmpty
    const keys = reload.restartKeys
    if (keys.length > 0) log.warn({ keys }, 'changed keys need a restart')
    log.info({}, 'configuration reloaded')
  }

  async #refuse(problems: readonly ConfigProblem[], serving: Serving, log: Logger): Promise<void> {
    log.error(
      { problems: problems.map(formatProblem) },
      'configuration not reloaded: it has problems',
    )
    const left = await serving.renewTls()
    if (left.length > 0)
      log.error({ problems: left.map(formatProblem) }, 'certificates not read again')
  }
}
