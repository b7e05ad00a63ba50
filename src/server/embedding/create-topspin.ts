// A proxy in a program: its own listeners for clients and for nodes, with the options of the configuration file.

import { TopspinError } from '../../base/errors.ts'
import type { RequestExplanation } from '../../forward/index.ts'
import type { Listening } from '../serving.ts'
import { type EventListener, EventListeners } from './listeners.ts'
import { readEmbedded, type TopspinOptions } from './options.ts'
import { type ExplainOptions, type ReloadOutcome, Running } from './running.ts'

export interface Topspin {
  /**
   * Opens the addresses and begins to serve. Rejects with a TopspinError when an address (LISTEN, CONTROL_LISTEN_FAILED), a
   * file (BAD_OPTION) or a module (POLICY) cannot be opened; then nothing runs, and it may be called again. Rejects with
   * NOT_STARTED after `drain` or `close`: another instance has to be made.
   */
  start(): Promise<void>
  /** The addresses in use, as URLs. @throws TopspinError NOT_STARTED. */
  readonly addresses: Listening
  /**
   * Puts other options in force, as `topspin reload` does: options that are left out have their defaults again. Rejects
   * with a TopspinError BAD_OPTION that names every problem; then nothing changes. NOT_STARTED: see `start`.
   */
  reload(options: TopspinOptions): Promise<ReloadOutcome>
  /**
   * Accepts nothing new, finishes open requests, and closes.
   * @param withinMs after it the rest is cut. Default: `timeouts.drain`.
   */
  drain(withinMs?: number): Promise<void>
  /** Cuts everything. */
  close(): Promise<void>
  /** Where a request would go now, and why. @param url a path, or `http://HOST/PATH`. */
  explain(url: string, options?: ExplainOptions): Promise<RequestExplanation>
  /** The metrics in the text format of Prometheus, as `/metrics` answers them. */
  metrics(): Promise<string>
  /**
   * Calls the listener for each event: `node joined`, `node is down` and all other lines of the log from level info on,
   * whether there is an option `log` or not. It can be called before `start`.
   * @returns ends it.
   */
  onEvent(listener: EventListener): () => void
}

/**
 * A proxy with the options of the configuration file, in this process alone. It sets no signal handlers. Without the
 * option `control` there is no control listener, and only the nodes of `to` are served.
 * @throws TopspinError BAD_OPTION, which names every problem of the options.
 */
export function createTopspin(options: TopspinOptions): Topspin {
  const first = readEmbedded(options, {})
  const events = new EventListeners(first.log)
  let starting: Promise<Running> | undefined
  let running: Running | undefined
  let hasEnded = false
  const checkOpen = (): void => {
    if (hasEnded) throw notStarted('it has been closed: make another one by createTopspin()')
  }
  const present = (): Running => {
    if (running !== undefined) return running
    throw notStarted('call start() first, and wait for it')
  }
  const started = async (): Promise<Running | undefined> => starting?.catch(() => undefined)
  return {
    async start() {
      checkOpen()
      starting ??= Running.start(first, events.notify)
      try {
        running = await starting
      } catch (error) {
        starting = undefined
        throw error
      }
    },
    get addresses() {
      return present().serving.listening
    },
    async reload(next) {
      checkOpen()
      return present().reload(readEmbedded({ log: first.log, ...next }, {}))
    },
    async drain(withinMs) {
      hasEnded = true
      const serving = (await started())?.serving
      await serving?.drain(withinMs ?? serving.drainMs)
    },
    async close() {
      hasEnded = true
      await (await started())?.serving.close()
    },
    explain: async (url, question = {}) => present().explain(url, question),
    metrics: async () => present().serving.metrics(),
    onEvent: (listener) => events.add(listener),
  }
}

const notStarted = (message: string): TopspinError =>
  new TopspinError('NOT_STARTED', message, { side: 'proxy', phase: 'control' })
