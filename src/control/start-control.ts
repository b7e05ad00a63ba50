// The control service: the listener for MCMP and plain GET, and the clockwork behind it. Assembled here,
// started by `server/serving.ts` and by programs that embed it.

import { createServer, type Server, type Socket } from 'node:net'
import { TopspinError } from '../base/errors.ts'
import type { Endpoint, HostPort } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import type { TlsAcceptor, TlsServerOptions } from '../net/tls-acceptor.ts'
import { type Caller, callerOf } from './caller.ts'
import { ControlConnection } from './connection.ts'
import { ControlCounts } from './counts.ts'
import { type ControlOptions, controlSettings } from './options.ts'
import { Pages } from './pages.ts'
import { Receiver } from './receive.ts'
import { Responder } from './respond.ts'
import { secureAcceptor } from './secure-acceptor.ts'
import { Sources } from './sources.ts'
import { Watch } from './watch.ts'

export interface Control {
  /** Where it listens. */
  readonly address: Endpoint
  /** Where it has pages alone; `undefined` where it does not. */
  readonly console: Endpoint | undefined
  /**
   * Other certificates for connections that begin from now on. Throws what OpenSSL says when they cannot be used.
   * @returns false when that would begin or end TLS, which needs a new start.
   */
  replaceTls(tls: TlsServerOptions | undefined): boolean
  /** From now on /readyz says 503; messages are still taken. */
  drain(): void
  /** Takes no new connections, answers what is being worked on, and ends. */
  close(): Promise<void>
}

/** Rejects with a `TopspinError` when the address cannot be listened on, a RangeError for a bad option. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const settings = controlSettings(options)
  const counts = new ControlCounts()
  const sources = new Sources(settings, counts)
  const receiver = new Receiver(settings)
  const pages = new Pages(settings, counts, receiver)
  const responder = new Responder(settings, receiver, pages, counts, sources)
  const connections = new Set<ControlConnection>()
  const { tls, limits } = settings
  const { accept } = settings.traffic
  const serve = (socket: Socket, caller: Caller, left: () => void): void => {
    const leave = (): void => void connections.delete(connection)
    const handOver = (first: Buffer): void => {
      for (const last of [leave, left]) {
        socket.off('close', last)
        last()
      }
      accept?.(socket, first)
    }
    // A connection that is encrypted is no client's: the traffic has TLS of its own.
    const isShared = caller.takesMessages && accept !== undefined && tls === undefined
    const connection: ControlConnection = new ControlConnection(
      socket,
      caller,
      settings,
      responder,
      isShared ? handOver : undefined,
    )
    connections.add(connection)
    socket.on('close', leave)
  }
  const servers: Server[] = []
  const acceptors: TlsAcceptor[] = []
  const open = async (at: HostPort, takesMessages: boolean): Promise<Endpoint> => {
    const acceptor =
      tls &&
      secureAcceptor(tls, limits.transferMs, settings.log, (socket) => {
        serve(socket, callerOf(socket, takesMessages), () => {})
      })
    if (acceptor !== undefined) acceptors.push(acceptor)
    const listening = { allowHalfOpen: true, noDelay: true, pauseOnConnect: tls !== undefined }
    const server = createServer(listening, (socket) => {
      const caller = callerOf(socket, takesMessages)
      if (!sources.enter(caller.peer)) {
        socket.on('error', () => {})
        socket.resetAndDestroy()
        return
      }
      const left = (): void => sources.leave(caller.peer)
      socket.on('close', left)
      if (acceptor === undefined) serve(socket, caller, left)
      else acceptor.accept(socket)
    })
    server.maxConnections = limits.connectionsMax
    const bound = await listen(server, at, settings.log)
    servers.push(server)
    return tls === undefined ? bound : { ...bound, tls: true }
  }
  const close = (): Promise<void> => {
    for (const acceptor of acceptors) acceptor.close()
    return closeAll(servers, connections, limits.transferMs)
  }
  const address = await open(settings.listen, true)
  const consoleAddress =
    settings.console &&
    (await open(settings.console, false).catch(async (error: unknown) => {
      await close()
      throw error
    }))
  const watch = new Watch(settings)
  watch.start()
  return {
    address,
    console: consoleAddress,
    replaceTls(next) {
      if (next !== undefined) for (const acceptor of acceptors) acceptor.replace(next)
      return (next === undefined) === (tls === undefined)
    },
    drain() {
      pages.draining = true
    },
    close() {
      watch.stop()
      return close()
    },
  }
}

function listen(server: Server, { host, port }: HostPort, log: Logger): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    // Afterwards it is a connection that could not be accepted: no reason to end.
    server.on('error', (cause) => {
      if (server.listening) log.error({ cause }, 'control connection not accepted')
      const message = `cannot listen on ${host}:${port}: ${cause.message}`
      reject(
        new TopspinError('CONTROL_LISTEN_FAILED', message, {
          side: 'proxy',
          phase: 'control',
          cause,
        }),
      )
    })
    server.listen({ host, port }, () => {
      const bound = server.address()
      resolve(
        bound === null || typeof bound === 'string'
          ? { host, port }
          : { host: bound.address, port: bound.port },
      )
    })
  })
}

/** Working connections get as long as one transfer may take, then they are cut. */
async function closeAll(
  servers: readonly Server[],
  connections: ReadonlySet<ControlConnection>,
  transferMs: number,
): Promise<void> {
  const deadline = setTimeout(() => {
    for (const connection of connections) connection.destroy()
  }, transferMs)
  const closed = servers.map(
    (server) => new Promise<void>((resolve) => server.close(() => resolve())),
  )
  for (const connection of connections) connection.close()
  await Promise.all(closed)
  clearTimeout(deadline)
}
