// `topspin peer`: makes a peer of a server that does not run Topspin, by standing in front of it. The front announces the
// server as long as it answers, hands requests over to better placed peers, and forwards the others to the server.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TopspinError } from '../../base/errors.ts'
import { hostPortText } from '../../base/host-port.ts'
import { ThrottledLog } from '../../base/throttled-log.ts'
import { waitUntil } from '../../base/wait.ts'
import { healthy, onProbed } from '../../cluster/health.ts'
import { defaultCheck } from '../../cluster/health-check.ts'
import { Command } from '../../host/command.ts'
import { requireNats } from '../../net/nats-group.ts'
import { policiesOf } from '../choice/cascades-of.ts'
import { handOverRequests } from '../join-peers.ts'
import { makePeers, type StartedPeers } from '../make-peers.ts'
import { needsNats } from '../membership/group.ts'
import { ownAddress } from '../membership/own-address.ts'
import { portOf, readTarget, watchTarget } from '../membership/watch-target.ts'
import { type PeersOptions, peerDefaults, type WithoutAddress } from '../options.ts'
import { Target } from './target.ts'

interface FrontOptions extends WithoutAddress<PeersOptions> {
  /** The server: `http://host:port`. The path is that of the probes. */
  readonly target: string
  readonly listen: { readonly host: string; readonly port: number }
  /** Program and arguments that start the server. Default: it runs already. */
  readonly command?: readonly string[]
  /** Called when the front accepts connections. */
  readonly listening?: (address: AddressInfo) => void
  /** Ends the front, after the requests under way. */
  readonly signal: AbortSignal
}

/**
 * Runs until the signal, or until the command ends.
 * @returns the exit code of the command, else 0.
 * @throws TopspinError BAD_OPTION, NATS_MISSING, or LISTEN when the address cannot be listened on.
 */
export async function runFront(options: FrontOptions): Promise<number> {
  const target = readTarget(options.target, ['http'])
  if (needsNats(options)) await requireNats()
  const server = createServer()
  const bound = await listen(server, options.listen)
  const peers = await peersFor(server, bound, options)
  logUnaccepted(server, peers)
  serveBy(
    new Target(peers.traffic, target.hostname.replace(/^\[|\]$/g, ''), portOf(target)),
    server,
  )
  handOverRequests(server, peers)
  options.listening?.(bound)

  const over = new AbortController()
  const end = (): void => over.abort()
  options.signal.addEventListener('abort', end)
  const command = Command.start(options.command)
  let code: number | undefined
  void command?.exited.then((exit) => {
    code = exit
    end()
  })
  await announce(target, peers, over.signal)
  await peers.leave()
  if (code === undefined) await finishRequests(peers)
  server.close()
  server.closeAllConnections()
  await peers.close()
  code ??= await command?.end('SIGTERM')
  return code ?? 0
}

async function listen(server: Server, at: FrontOptions['listen']): Promise<AddressInfo> {
  try {
    await once(server.listen(at.port, at.host), 'listening')
  } catch (cause) {
    const problem = `cannot listen on ${hostPortText(at)}: ${(cause as Error).message}`
    throw new TopspinError('LISTEN', problem, { side: 'proxy', phase: 'accept', cause })
  }
  return server.address() as AddressInfo
}

/** A connection that is not accepted, as without a free descriptor, is no reason to end. */
function logUnaccepted(server: Server, { traffic: { log, clock } }: StartedPeers): void {
  const unaccepted = new ThrottledLog(log, clock, 'connection not accepted')
  server.on('error', ({ message }) => unaccepted.warn({ reason: message }))
}

async function peersFor(
  server: Server,
  bound: AddressInfo,
  options: FrontOptions,
): Promise<StartedPeers> {
  const host = ownAddress(bound.address, options.interface)
  const place = `http://${hostPortText({ host, port: bound.port })}`
  try {
    const policies = await policiesOf(options)
    return makePeers({ ...options, address: options.address ?? place, policies })
  } catch (error) {
    server.close()
    throw error
  }
}

function serveBy(target: Target, server: Server): void {
  server.on('request', (request, response) => target.request(request, response))
  server.on('checkContinue', (request, response) => target.request(request, response, true))
  server.on('upgrade', (request, _socket, head) => target.upgrade(request, head))
}

/** Announces the target as long as it answers. While it does not, it is no candidate here either. */
function announce(target: URL, peers: StartedPeers, signal: AbortSignal): Promise<void> {
  const { membership, traffic } = peers
  const { clock, random } = membership.settings
  const live = membership.live.of(membership.self.id)
  return watchTarget(target, membership, signal, (answers) => {
    const { health: limits } = traffic.settings
    live.health = answers
      ? healthy
      : onProbed(live.health, unhealthy, defaultCheck, clock.now(), random, limits)
  })
}

const unhealthy = { answered: false, reason: 'the target does not answer', unreachable: true }

async function finishRequests({ membership }: StartedPeers): Promise<void> {
  const isIdle = (): boolean => membership.service.inFlight === 0
  await waitUntil(isIdle, { withinMs: peerDefaults.drainMs })
}
