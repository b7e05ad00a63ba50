// A listener for /livez, /readyz and /startupz alone, open from the start of the process to its end. Made by server/start-serving.ts.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import { healthLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { HeldByAddress } from '../net/held-by-address.ts'
import { type ListenAddress, listenAt } from '../net/listen-at.ts'
import { type ListenHandle, listenHandleOf } from '../node-internals/listen-handle.ts'
import type { ControlCounts } from './counts.ts'
import { pathOf } from './pages.ts'

/** Whether the proxy should get new clients: only while it is `ready`. */
export type Readiness = 'starting' | 'ready' | 'draining'

export class HealthListener {
  readonly #server: Server
  readonly #clock: Clock
  readonly #counts: ControlCounts
  readonly #full: ThrottledLog
  /** Open connections. */
  readonly #open: HeldByAddress<Socket> = new HeldByAddress()
  #readiness: Readiness = 'starting'
  #hasStarted = false

  constructor(counts: ControlCounts, log: Logger, clock: Clock = systemClock) {
    this.#clock = clock
    this.#counts = counts
    this.#full = new ThrottledLog(log, clock, 'no room for more connections of health checks')
    const { requestMs: requestTimeout, headBytesMax: maxHeaderSize } = healthLimits
    // Simple health checks send HTTP/1.1 without Host.
    const options = { requestTimeout, maxHeaderSize, requireHostHeader: false }
    this.#server = createServer({ ...options, connectionsCheckingInterval: requestTimeout / 2 })
    const unaccepted = new ThrottledLog(log, clock, 'connection of a health check not accepted')
    // An error after the start is a connection that was not accepted, and no reason to end.
    this.#server.on('error', ({ message }) => {
      if (this.#server.listening) unaccepted.warn({ reason: message })
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
    this.#server.on('request', (request, response) => this.#respond(request, response))
  }

  /**
   * @param kept the socket, where another process has opened it.
   * Rejects with a `TopspinError` when the address cannot be listened on.
   */
  async open(at: ListenAddress, kept: ListenHandle | undefined = undefined): Promise<HostPort> {
    try {
      return await listenAt(this.#server, at, kept)
    } catch (error) {
      const cause = error as Error
      const text = `cannot listen on ${hostPortText(at)}: ${cause.message}`
      throw new TopspinError('HEALTH_LISTEN', text, { side: 'proxy', phase: 'control', cause })
    }
  }

  become(readiness: Readiness): void {
    this.#readiness = readiness
    this.#hasStarted ||= readiness === 'ready'
  }

  /** Its handle on the socket, for another process; undefined where this Node.js keeps it elsewhere. */
  get handle(): ListenHandle | undefined {
    return listenHandleOf(this.#server)
  }

  stopAccepting(): void {
    this.#server.close()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  #accept(socket: Socket): void {
    const remote = socket.remoteAddress ?? ''
    const now = this.#clock.now()
    if (this.#open.size >= healthLimits.connectionsMax) {
      const displaced = this.#open.displace(remote, now)
      const refused = displaced === undefined
      this.#counts.countRefusal('health')
      this.#full.warn({ remote, limit: healthLimits.connectionsMax, refused })
      displaced?.destroy()
      if (refused) return void socket.destroy()
    }
    this.#open.hold(remote, socket, now)
    socket.on('close', () => this.#open.release(socket))
  }

  #respond({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
    const [status, text] = this.#answer(method ?? '', pathOf(url))
    response.writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
      // Each check is a connection of its own, so that none is idle when the process ends.
      Connection: 'close',
    })
    response.end(`${text}\n`)
  }

  #answer(method: string, path: string): readonly [status: number, text: string] {
    if (path !== '/livez' && path !== '/readyz' && path !== '/startupz')
      return [404, 'not found; the pages are /livez, /readyz, /startupz']
    if (method !== 'GET' && method !== 'HEAD') return [405, 'method not allowed']
    if (path === '/livez') return [200, 'alive']
    if (path === '/startupz') return this.#hasStarted ? [200, 'started'] : [503, 'starting']
    return [this.#readiness === 'ready' ? 200 : 503, this.#readiness]
  }
}
