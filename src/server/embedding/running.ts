// What a program that embeds Topspin runs: the services of `topspin serve` in this process, without signal handlers.

import { TopspinError } from '../../base/errors.ts'
import { readTls } from '../../config/tls-files.ts'
import type { ProxyEvent } from '../../control/events/event-ring.ts'
import { explainQuestion } from '../../control/parameters.ts'
import type { RequestExplanation } from '../../forward/index.ts'
import type { Serving } from '../serving.ts'
import { startServing } from '../start-serving.ts'
import { type Embedded, problemsError, programLogOf } from './options.ts'

/** A request that does not come. */
export interface ExplainOptions {
  /** Value of `Cookie`. Default: none. */
  readonly cookie?: string | undefined
  /** Other fields, as `Name: value`. Default: none. */
  readonly headers?: readonly string[] | undefined
  /** Address of the client. Default 127.0.0.1. */
  readonly client?: string | undefined
}

export interface ReloadOutcome {
  /** The keys whose new values are in force. */
  readonly changed: readonly string[]
  /** The keys whose new values need a new instance. */
  readonly restartKeys: readonly string[]
}

export class Running {
  readonly serving: Serving
  readonly #hasControl: boolean

  private constructor(serving: Serving, hasControl: boolean) {
    this.serving = serving
    this.#hasControl = hasControl
  }

  /** Rejects with a TopspinError when an address, a file or a module cannot be opened; then nothing runs. */
  static async start(
    { config, log, hasControl, onRequest }: Embedded,
    onEvent: (event: ProxyEvent) => void,
  ): Promise<Running> {
    const tls = await readTls(config)
    if (!tls.ok) throw problemsError(tls.problems)
    const more = { hasControl, onEvent, onRequest }
    const serving = await startServing(config, tls.material, programLogOf(log), more)
    return new Running(serving, hasControl)
  }

  /** Rejects with a TopspinError BAD_OPTION that names every problem; then nothing changes. */
  async reload({ config, hasControl }: Embedded): Promise<ReloadOutcome> {
    if (hasControl !== this.#hasControl)
      throw problemsError([
        { place: 'options', path: 'control', message: 'cannot be added or removed by a reload' },
      ])
    const tls = await readTls(config)
    if (!tls.ok) throw problemsError(tls.problems)
    const result = await this.serving.reload(config, tls.material)
    if (!result.ok) throw problemsError(result.problems)
    const { changed, restartKeys } = result
    return { changed, restartKeys }
  }

  async explain(
    url: string,
    { cookie = '', headers = [], client = '127.0.0.1' }: ExplainOptions,
  ): Promise<RequestExplanation> {
    const query = new URLSearchParams({ url, cookie, client })
    for (const header of headers) query.append('header', header)
    const question = explainQuestion(query.toString())
    const explanation = question && (await this.serving.explain(question))
    if (explanation !== undefined) return explanation
    const message = `url: is a path or http://HOST/PATH, got ${url}`
    throw new TopspinError('BAD_OPTION', message, { side: 'proxy', phase: 'control' })
  }
}
