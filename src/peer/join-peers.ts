// A server of this process becomes one of its peers: requests and upgrades are looked at before its
// listeners see them, and its listeners stay as they are.

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { waitUntil } from '../base/wait.ts'
import { holdSignals } from '../host/signals.ts'
import { outlastProxies } from '../net/keep-alive.ts'
import { ownAddress } from './membership/own-address.ts'
import { wrapServer } from './parsed/wrap-server.ts'
import { type PeersOptions, policiesOf } from './peers-options.ts'
import { takeConnections } from './raw/intake.ts'
import { type Peers, startPeers } from './start-peers.ts'

export interface JoinPeersOptions extends Omit<PeersOptions, 'address'> {
  /** Where others hand requests over to: `http://host:port`. Default: where the server listens. */
  readonly address?: string
  /**
   * On SIGTERM or SIGINT say goodbye and finish what is under way first, then let the application's own
   * handlers run, or end the process where it has none. Default false.
   */
  readonly signals?: boolean
  /** Milliseconds that requests under way may take after such a signal. Default 10 000. */
  readonly drainMs?: number
}

/**
 * Joins with a server that listens, or will. Nothing of the application is changed.
 * @example
 * const server = http.createServer(app).listen(3000)
 * await joinPeers(server, { group: '239.255.77.1:4445', key: process.env.PEER_KEY })
 */
export async function joinPeers(
  server: Server | HttpsServer,
  options: JoinPeersOptions,
): Promise<Peers> {
  if (!server.listening) await once(server, 'listening')
  const { signals = false, drainMs = 10_000, ...rest } = options
  const address = options.address ?? placeOf(server, options.interface)
  const policies = await policiesOf(options)
  const started = startPeers({ ...rest, address, policies })
  const { handOver, membership } = started
  outlastProxies(server)
  const unwrap = wrapServer(server, handOver)
  const leaveConnections = takeConnections(server, handOver)
  const closeAll = async (): Promise<void> => {
    await started.close()
    leaveConnections()
    unwrap()
  }
  server.once('close', () => void peers.close())
  const drained = async (): Promise<void> => {
    await started.leave()
    await waitUntil(() => membership.service.inFlight === 0, { withinMs: drainMs })
  }
  const release = signals
    ? holdSignals({
        leave: async (handled) => {
          const end = drained()
          // Without a handler of its own the process ends: it takes nothing new.
          if (!handled) {
            server.close()
            server.closeIdleConnections()
          }
          await end
        },
        hurry: () => handOver.close(),
      })
    : (): void => {}
  let closed: Promise<void> | undefined
  const peers: Peers = {
    name: started.name,
    get known() {
      return started.known
    },
    counts: started.counts,
    middleware: started.middleware,
    ready: started.ready,
    leave: () => started.leave(),
    close() {
      closed ??= closeAll().finally(release)
      return closed
    },
    [Symbol.asyncDispose]: () => peers.close(),
  }
  return peers
}

function placeOf(server: Server | HttpsServer, which: string | undefined): string {
  const address = server.address()
  if (address === null || typeof address === 'string') {
    const text = 'the server listens on no TCP port, so no peer can reach it'
    throw new TopspinError('BAD_OPTION', text, { side: 'proxy', phase: 'control' })
  }
  const host = ownAddress(address.address, which)
  const scheme = server instanceof TlsServer ? 'https' : 'http'
  return `${scheme}://${hostPortText({ host, port: address.port })}`
}
