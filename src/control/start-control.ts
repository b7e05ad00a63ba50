// The control service: its listeners for messages and pages, and the watch over nodes. Assembled here for
// server/serving.ts and for programs that embed the proxy.

import type { Endpoint } from '../base/host-port.ts'
import type { ListenAddress } from '../net/listen-at.ts'
import type { TlsServerOptions } from '../net/tls-acceptor.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'
import { Admission } from './admission.ts'
import { ControlCounts } from './counts.ts'
import { ControlListener } from './listener.ts'
import { MessageHandler } from './message-handler.ts'
import { type ControlOptions, controlSettings } from './options.ts'
import { Pages } from './pages.ts'
import { Responder } from './responder.ts'
import { Watch } from './watch.ts'

export interface Control {
  /** The address for messages and pages. */
  readonly address: Endpoint
  /** The address for pages alone, if there is one. */
  readonly console: Endpoint | undefined
  /**
   * Uses other certificates for new connections. @throws Error of OpenSSL when they cannot be used.
   * @returns false when TLS would have to begin or end, which needs a restart.
   */
  replaceTls(tls: TlsServerOptions | undefined): boolean
  /** From now on /readyz answers 503; messages are still accepted. */
  drain(): void
  /** Accepts no new connections, answers the requests in progress, and ends. */
  close(): Promise<void>
}

/** Rejects with a `TopspinError` when an address cannot be listened on, a RangeError for a bad option. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const settings = controlSettings(options)
  const counts = new ControlCounts()
  const admission = new Admission(settings, counts)
  const messages = new MessageHandler(settings)
  const pages = new Pages(settings, counts, messages)
  const responder = new Responder(settings, messages, pages, counts, admission)
  const watch = new Watch(settings)

  const listeners: ControlListener[] = []
  const open = (
    at: ListenAddress,
    kept: ListenHandle | undefined,
    acceptsMessages: boolean,
  ): Promise<Endpoint> => {
    const listener = new ControlListener(settings, responder, admission, counts, acceptsMessages)
    listeners.push(listener)
    return listener.open(at, kept)
  }
  const close = async (): Promise<void> => {
    watch.stop()
    await Promise.all(listeners.map((listener) => listener.close()))
  }

  try {
    const { listen, sockets } = settings
    const address = await open(listen, sockets.listen, true)
    const console = settings.console && (await open(settings.console, sockets.console, false))
    watch.start()
    return {
      address,
      console,
      replaceTls(tls) {
        if (tls !== undefined) for (const listener of listeners) listener.replaceTls(tls)
        return (tls === undefined) === (settings.tls === undefined)
      },
      drain: () => pages.drain(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
