// A proxy without listeners for clients: the requests of somebody else's server are forwarded, from http.createServer or
// a framework on it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { badOption } from '../../base/option-forms.ts'
import type { RequestExplanation } from '../../forward/index.ts'
import type { Changes } from '../../proxy/index.ts'
import { type EventListener, EventListeners } from './listeners.ts'
import { readEmbedded, type TopspinOptions } from './options.ts'
import { type ExplainOptions, type ReloadOutcome, Running } from './running.ts'

/** Those of the configuration file without what belongs to listeners for clients. */
export type HandlerOptions = Omit<TopspinOptions, ListenerKey> & {
  /**
   * Forwards the whole path also where a framework has removed the prefix that the handler is mounted at
   * (`req.originalUrl`). Default false: what is below the mount point.
   */
  readonly fullPath?: boolean | undefined
  /**
   * Fields for the node, which replace those of the client with the same names: `(request) => ({ 'X-User': request.user })`.
   * Fields of the framing, and `Host`, cannot be among them; the response is 500 then. Default: none.
   */
  readonly fields?: ((request: IncomingMessage) => Readonly<Record<string, string>>) | undefined
}

type ListenerKey = (typeof listenerKeys)[number]

const listenerKeys = ['listen', 'tls', 'acme', 'http2', 'httpsRedirect', 'hsts'] as const

export interface Handler {
  /**
   * Forwards a request, as a listener of `request` or as a middleware of Express and Connect.
   * @param next called when no context is registered for the path. Without it the response is 404.
   */
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    next?: (error?: unknown) => void,
  ) => void
  /** Forwards a WebSocket or another upgrade: `server.on('upgrade', handler.upgrade)`. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /**
   * Resolves when the nodes of `to` are read and the control listener is open; earlier requests wait for it. Rejects when
   * that fails; all requests then get 503.
   */
  readonly ready: Promise<void>
  /** URL of the control listener, once it is open; `undefined` without the option `control`. */
  readonly control: string | undefined
  /** See `Topspin.reload`. */
  reload(options: HandlerOptions): Promise<ReloadOutcome>
  /**
   * Finishes open requests, and closes; further requests get 503. To be called when the server has stopped accepting.
   * @param withinMs after it the rest is cut. Default: `timeouts.drain`.
   */
  drain(withinMs?: number): Promise<void>
  /** Cuts open requests, and connections to nodes. */
  close(): Promise<void>
  /** Where a request would go now, and why. @param url a path, or `http://HOST/PATH`. */
  explain(url: string, options?: ExplainOptions): Promise<RequestExplanation>
  /** The metrics in the text format of Prometheus. */
  metrics(): Promise<string>
  /** See `Topspin.onEvent`. */
  onEvent(listener: EventListener): () => void
}

/**
 * Forwards the requests of a server of this program: `createServer(handler.handle)`. Nodes are those of `to`, and with
 * the option `control` those that register there.
 * @throws TopspinError BAD_OPTION, which names every problem of the options.
 */
export function createHandler(options: HandlerOptions): Handler {
  const first = read(options)
  const events = new EventListeners(first.log)
  let changesOf = changesFor(options)
  let running: Running | undefined
  const starting = Running.start(first, events.notify)
  const ready = starting.then((started) => {
    running = started
  })
  let hasEnded = false
  const started = (): Promise<Running | undefined> => starting.catch(() => undefined)
  ready.catch((error: unknown) => first.log.error({ reason: String(error) }, 'handler not started'))
  return {
    handle(request, response, next) {
      const changes = changesOf(request)
      if (running !== undefined)
        return running.serving.requests?.request(request, response, changes, next)
      void started().then((now) => {
        if (now !== undefined) now.serving.requests?.request(request, response, changes, next)
        else response.writeHead(503, { Connection: 'close' }).end('503 (HANDLER_NOT_STARTED)\n')
      })
    },
    upgrade(request, socket, head) {
      // Node.js has taken its own listener away, and the nodes may not be read yet.
      socket.on('error', ignore)
      const changes = changesOf(request)
      if (running !== undefined)
        return running.serving.requests?.upgrade(request, socket, head, changes)
      void started().then((now) => {
        if (now !== undefined) now.serving.requests?.upgrade(request, socket, head, changes)
        else socket.destroy()
      })
    },
    ready,
    get control() {
      return running?.serving.listening.control
    },
    async reload(next) {
      if (hasEnded) throw badOption('the handler has been closed: make another one')
      const embedded = read({ log: first.log, ...next })
      const outcome = await (await starting).reload(embedded)
      changesOf = changesFor(next)
      return outcome
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
    explain: async (url, question = {}) => (await starting).explain(url, question),
    metrics: async () => (await starting).serving.metrics(),
    onEvent: (listener) => events.add(listener),
  }
}

const ignore = (): void => {}

function read(all: HandlerOptions): ReturnType<typeof readEmbedded> {
  // Programs in JavaScript may leave them out, which `readEmbedded` tells.
  if (typeof all !== 'object' || all === null) return readEmbedded(all, {})
  const { fullPath: _, fields: __, ...options } = all
  return readEmbedded(options, { listen: [] }, listenerKeys)
}

/** @throws TopspinError BAD_OPTION */
function changesFor({ fullPath, fields }: HandlerOptions): (request: IncomingMessage) => Changes {
  if (fullPath !== undefined && typeof fullPath !== 'boolean')
    throw badOption('fullPath: is true or false')
  if (fields !== undefined && typeof fields !== 'function')
    throw badOption('fields: is a function of the request')
  const targetOf = (request: IncomingMessage): string => {
    const { url = '/', originalUrl } = request as IncomingMessage & { originalUrl?: string }
    return fullPath === true ? (originalUrl ?? url) : url
  }
  return (request) => ({ target: targetOf(request), fields: fields?.(request) })
}
