// The control service: the listener for MCMP and plain GET, and the clockwork behind it. Assembled here,
// started by `cli/serving.ts` and by programs that embed it.

import { createServer, type Server } from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { isSecret, secretForm } from '../wire/authorization.ts'
import { ControlConnection } from './connection.ts'
import { Metrics } from './metrics.ts'
import { type ControlOptions, type ControlSettings, withDefaults } from './options.ts'
import { Pages } from './pages.ts'
import { Receiver } from './receive.ts'
import { Responder } from './respond.ts'
import { Sources } from './sources.ts'
import { Watch } from './watch.ts'

export interface Control {
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number }
  /** From now on /readyz says 503; messages are still taken. */
  drain(): void
  /** Takes no new connections, answers what is being worked on, and ends. */
  close(): Promise<void>
}

/** Rejects with a `TopspinError` when the address cannot be listened on, a RangeError for a bad option. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const settings = withDefaults(options)
  if (settings.secret !== '' && !isSecret(settings.secret))
    throw new RangeError(`secret: ${secretForm}`)
  const metrics = new Metrics(settings)
  const sources = new Sources(settings, metrics)
  const receiver = new Receiver(settings)
  const pages = new Pages(settings, metrics, receiver)
  const responder = new Responder(settings, receiver, pages, metrics, sources)
  const connections = new Set<ControlConnection>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = socket.remoteAddress ?? ''
    if (!sources.enter(peer)) {
      socket.on('error', () => {})
      socket.resetAndDestroy()
      return
    }
    const connection = new ControlConnection(socket, peer, settings, responder)
    connections.add(connection)
    socket.on('close', () => {
      connections.delete(connection)
      sources.leave(peer)
    })
  })
  server.maxConnections = settings.connectionsMax
  const address = await listen(server, settings)
  const watch = new Watch(settings)
  watch.start()
  return {
    address,
    drain() {
      pages.draining = true
    },
    close() {
      watch.stop()
      return closeAll(server, connections, settings.transferMs)
    },
  }
}

function listen(server: Server, { host, port, log }: ControlSettings): Promise<Control['address']> {
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
function closeAll(
  server: Server,
  connections: ReadonlySet<ControlConnection>,
  transferMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      for (const connection of connections) connection.destroy()
    }, transferMs)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
    for (const connection of connections) connection.close()
  })
}
