// The control service: its listeners for messages and pages, and the watch over nodes. Assembled here for
// server/start-serving.ts and for programs that embed the proxy.

import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { waitUntil } from '../base/wait.ts'
import type { ListenAddress } from '../net/listen-at.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'
import { Admission } from './admission.ts'
import type { ControlCounts } from './counts.ts'
import { ControlListener } from './listener.ts'
import { MessageHandler } from './message-handler.ts'
import { checkControlOptions } from './option-forms.ts'
import { type ControlOptions, type ControlSettings, controlSettings } from './options.ts'
import { Pages } from './pages.ts'
import { Responder } from './responder.ts'
import { Trends } from './trends.ts'
import { Watch } from './watch.ts'

export interface Control {
  /** The address for messages and pages. @throws Error where there is none. */
  readonly address: Endpoint
  /** Whether there is an address for messages and pages. */
  readonly isListening: boolean
  /** The address for pages alone, if there is one. */
  readonly console: Endpoint | undefined
  /**
   * Puts other options in force: a new address opens, and one that is gone closes when its requests are answered. Rejects
   * with a `TopspinError` when an address cannot be listened on, a RangeError for a bad option, an Error of OpenSSL for
   * certificates that cannot be used; then nothing changes.
   */
  replace(options: ReplaceableOptions): Promise<void>
  /** What /metrics answers, in the text format of Prometheus. */
  metrics(): Promise<string>
  /** From now on /readyz answers 503; messages are still accepted. */
  drain(): void
  /** The handles on the sockets of both addresses, for another process. */
  handles(): ControlHandles
  /**
   * Leaves the registry to another process: accepts nothing more, and answers the messages that are on their way, at most
   * for `withinMs`. Further ones are refused. Requests for pages go on.
   */
  leave(withinMs: number): Promise<void>
  /** The other process has not taken over: accepts again. @param sockets that still listen. */
  resume(sockets: ControlHandles): Promise<void>
  /** Accepts no new connections, answers the requests in progress, and ends. */
  close(): Promise<void>
}

interface ControlHandles {
  readonly listen?: ListenHandle | undefined
  readonly console?: ListenHandle | undefined
}

/** The options that can change while the service runs. */
export type ReplaceableOptions = Pick<
  ControlOptions,
  | 'listen'
  | 'console'
  | 'sockets'
  | 'tls'
  | 'access'
  | 'limits'
  | 'watch'
  | 'compat'
  | 'traffic'
  | 'peerPages'
>

/**
 * Rejects with a `TopspinError` when an address cannot be listened on and for an unknown option (BAD_OPTION), a RangeError
 * for a bad value.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  checkControlOptions(options)
  const control = new ControlService(options)
  await control.start()
  return control
}

/** The listener for messages and pages, and the one for pages alone. */
interface Listeners {
  readonly messages: ControlListener | undefined
  readonly console: ControlListener | undefined
}

class ControlService implements Control {
  readonly #options: ControlOptions
  readonly #settings: ControlSettings
  readonly #counts: ControlCounts
  readonly #admission: Admission
  readonly #messages: MessageHandler
  readonly #pages: Pages
  readonly #responder: Responder
  readonly #watch: Watch
  readonly #trends: Trends
  #listeners: Listeners | undefined
  #isClosed = false

  constructor(options: ControlOptions) {
    const settings = controlSettings(options)
    const messages = new MessageHandler(settings)
    const { log, events, counts } = settings
    this.#options = { ...options, log, events, counts }
    this.#counts = counts
    this.#settings = settings
    this.#messages = messages
    this.#admission = new Admission(settings, this.#counts)
    this.#trends = new Trends(settings)
    this.#pages = new Pages(settings, this.#counts, messages, this.#trends)
    this.#responder = new Responder(settings, messages, this.#pages, this.#counts, this.#admission)
    this.#watch = new Watch(settings)
  }

  async start(): Promise<void> {
    this.#listeners = await this.#openListeners(this.#settings)
    void this.#settings.begins.then(() => {
      if (this.#isClosed) return
      this.#watch.start()
      this.#trends.start()
    })
  }

  get address(): Endpoint {
    const { messages } = this.#opened
    if (messages === undefined) throw new Error('the control service has no address')
    return messages.address
  }

  get isListening(): boolean {
    return this.#opened.messages !== undefined
  }

  get console(): Endpoint | undefined {
    return this.#opened.console?.address
  }

  async replace(options: ReplaceableOptions): Promise<void> {
    const next = controlSettings({ ...this.#options, ...options })
    const before = this.#opened
    const listeners = await this.#openListeners(next)
    Object.assign(this.#settings, next)
    for (const listener of [before.messages, before.console]) {
      if (listener === undefined) continue
      const isKept = listener === listeners.messages || listener === listeners.console
      listener.closeDisallowed()
      if (isKept) listener.replaceTls(next.tls)
      else void listener.close()
    }
    this.#listeners = listeners
  }

  metrics(): Promise<string> {
    return this.#pages.metrics()
  }

  drain(): void {
    this.#pages.drain()
  }

  handles(): ControlHandles {
    const { messages, console } = this.#opened
    return { listen: messages?.handle, console: console?.handle }
  }

  async leave(withinMs: number): Promise<void> {
    this.#watch.stop()
    const { messages, console } = this.#opened
    messages?.leave()
    console?.leave()
    await this.#messages.flush()
    const isQuiet = (): boolean => {
      if (!this.#messages.isIdle || messages?.isExpecting === true) return false
      this.#messages.end(true)
      return true
    }
    await waitUntil(isQuiet, { withinMs })
    this.#messages.end(true)
  }

  async resume(sockets: ControlHandles): Promise<void> {
    const before = this.#opened
    this.#messages.end(false)
    this.#listeners = undefined
    try {
      this.#listeners = await this.#openListeners({ ...this.#settings, sockets })
    } catch (error) {
      this.#listeners = before
      throw error
    } finally {
      this.#watch.start()
    }
    await Promise.all([before.messages?.close(), before.console?.close()])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#watch.stop()
    this.#trends.stop()
    this.#pages.close()
    const { messages, console } = this.#opened
    await Promise.all([messages?.close(), console?.close()])
  }

  get #opened(): Listeners {
    if (this.#listeners === undefined) throw new Error('the control service has not started')
    return this.#listeners
  }

  /** Opens the addresses that are not open yet. Rejects when one cannot be listened on; then none is opened. */
  async #openListeners(settings: ControlSettings): Promise<Listeners> {
    const present = this.#listeners
    const { sockets } = settings
    const messages =
      settings.listen &&
      (await this.#listenerAt(settings.listen, present?.messages, settings, sockets.listen))
    try {
      const console =
        settings.console &&
        (await this.#listenerAt(settings.console, present?.console, settings, sockets.console))
      return { messages, console }
    } catch (error) {
      if (messages !== present?.messages) await messages?.close()
      throw error
    }
  }

  /** @param present the listener so far. */
  async #listenerAt(
    at: ListenAddress,
    present: ControlListener | undefined,
    { tls, console }: ControlSettings,
    kept: ListenHandle | undefined,
  ): Promise<ControlListener> {
    if (present !== undefined && hostPortText(present.at) === hostPortText(at)) return present
    const acceptsMessages = at !== console
    const listener = new ControlListener(
      at,
      tls,
      this.#settings,
      this.#responder,
      this.#admission,
      this.#counts,
      acceptsMessages,
    )
    await listener.open(kept)
    return listener
  }
}
