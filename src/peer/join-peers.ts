// Makes a server of this process a peer: its requests and upgrades are intercepted before its listeners get them, and the
// listeners stay as they are.

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import { systemClock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { waitUntil } from '../base/wait.ts'
import { holdSignals } from '../host/signals.ts'
import { requireNats } from '../net/nats-group.ts'
import { policiesOf } from './choice/cascades-of.ts'
import { makePeers, type StartedPeers } from './make-peers.ts'
import { needsNats } from './membership/group.ts'
import { ownAddress } from './membership/own-address.ts'
import { checkPeersOptions, joinForms } from './option-forms.ts'
import { type PeersOptions, peerDefaults, type WithoutAddress } from './options.ts'
import { interceptRequests } from './parsed/server-events.ts'
import type { Peers } from './peers.ts'
import { interceptConnections } from './raw/intake.ts'

export interface JoinPeersOptions extends WithoutAddress<PeersOptions> {
  /**
   * On SIGTERM or SIGINT send goodbyes and finish the requests under way, before the application's own signal handlers
   * run, or the process ends where there are none. Default false.
   */
  readonly signals?: boolean | undefined
  /** Time for requests under way after such a signal, ms. Default 8 000. */
  readonly drainMs?: number | undefined
}

/**
 * Joins with a server that listens, or will listen. The application needs no change.
 * @throws TopspinError BAD_OPTION that names every bad option; NATS_MISSING where the package for the group is not installed.
 * @example
 * const server = http.createServer(app).listen(3000)
 * await joinPeers(server, { group: '239.255.77.1:4445', key: process.env.PEER_KEY })
 */
export async function joinPeers(
  server: Server | HttpsServer,
  options: JoinPeersOptions,
): Promise<Peers> {
  checkPeersOptions(options, joinForms)
  if (typeof server?.address !== 'function')
    throw badOption('server: pass the http.Server, which for example app.listen() returns')
  if (needsNats(options)) await requireNats()
  if (!server.listening) await once(server, 'listening')
  const { signals = false, drainMs = peerDefaults.drainMs, ...rest } = options
  const address = options.address ?? addressOf(server, options.interface)
  const policies = await policiesOf(options)
  const started = makePeers({ ...rest, address, policies })
  started.membership.announce()
  const endHandOver = handOverRequests(server, started)
  const releaseSignals = signals ? leaveOnSignals(server, started, drainMs) : () => {}
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= started.close().then(endHandOver).finally(releaseSignals)
    return closed
  }
  server.once('close', () => void close())
  const { name, counts, middleware, ready, leave } = started
  return {
    name,
    get known() {
      return started.known
    },
    counts,
    middleware,
    ready,
    leave,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Hands over requests of this server. @returns how to end it. */
export function handOverRequests(
  server: Server | HttpsServer,
  { handOver, parsed }: StartedPeers,
): () => void {
  const releaseRequests = interceptRequests(server, parsed)
  const releaseConnections = interceptConnections(server, handOver)
  return () => {
    releaseConnections()
    releaseRequests()
  }
}

/** @returns how to end it. */
function leaveOnSignals(
  server: Server | HttpsServer,
  { leave, membership, handOver }: StartedPeers,
  drainMs: number,
): () => void {
  const drain = async (): Promise<void> => {
    const deadline = systemClock.now() + drainMs
    await leave()
    const withinMs = deadline - systemClock.now()
    await waitUntil(() => membership.service.inFlight === 0, { withinMs })
  }
  return holdSignals({
    leave: async (handled) => {
      const drained = drain()
      // Without a signal handler of the application the process ends, so the server accepts nothing new.
      if (!handled) {
        server.close()
        server.closeIdleConnections()
      }
      await drained
    },
    hurry: () => handOver.underWay.abandonAll(),
  })
}

function addressOf(server: Server | HttpsServer, which: string | undefined): string {
  const address = server.address()
  if (address === null || typeof address === 'string') {
    throw badOption('the server listens on no TCP port, so no peer can reach it')
  }
  const host = ownAddress(address.address, which)
  const scheme = server instanceof TlsServer ? 'https' : 'http'
  return `${scheme}://${hostPortText({ host, port: address.port })}`
}

const badOption = (message: string): TopspinError =>
  new TopspinError('BAD_OPTION', message, { side: 'proxy', phase: 'control' })
