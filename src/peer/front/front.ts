// `topspin peer`: makes a peer of a server that is not one, by standing in front of it: it announces it as
// long as it answers, hands requests over to better placed peers, and forwards the others to it.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TopspinError } from '../../base/errors.ts'
import { hostPortText } from '../../base/host-port.ts'
import { peerLimits } from '../../base/limits.ts'
import { pause, waitUntil } from '../../base/wait.ts'
import { healthy, onProbed } from '../../cluster/health.ts'
import { Command } from '../../host/command.ts'
import { answersHttp } from '../../net/answers-http.ts'
import { outlastProxies } from '../../net/keep-alive.ts'
import { ownAddress } from '../membership/own-address.ts'
import { wrapServer } from '../parsed/wrap-server.ts'
import { type PeersOptions, policiesOf } from '../peers-options.ts'
import { takeConnections } from '../raw/intake.ts'
import { makePeers, type StartedPeers } from '../start-peers.ts'
import { Target } from './target.ts'

export interface FrontOptions extends Omit<PeersOptions, 'address'> {
  /** The server, `http://host:port`; its path is what it is asked for. */
  readonly target: string
  readonly listen: { readonly host: string; readonly port: number }
  /** Where others reach this front. Default: where it listens. */
  readonly address?: string
  /** Program and arguments of the server. Default: it runs already. */
  readonly command?: readonly string[]
  /** Told when it takes requests. */
  readonly listening?: (address: AddressInfo) => void
  /** Ends it, after what is under way. */
  readonly signal: AbortSignal
}

/** How long requests under way may take in the end, ms. */
const drainMs = 10_000

/**
 * Runs until the signal, or until the command ends. Returns the exit code: the command's, else 0. Throws a
 * TopspinError for bad options, or when it cannot listen.
 */
export async function runFront(options: FrontOptions): Promise<number> {
  const { target: text, listen, command: words, listening, signal, ...rest } = options
  const url = readTarget(text)
  const server = createServer()
  try {
    await once(server.listen(listen.port, listen.host), 'listening')
  } catch (cause) {
    const problem = `cannot listen on ${hostPortText(listen)}: ${(cause as Error).message}`
    throw new TopspinError('LISTEN', problem, { side: 'proxy', phase: 'accept', cause })
  }
  const bound = server.address() as AddressInfo
  const host = ownAddress(bound.address, options.interface)
  const place = `http://${hostPortText({ host, port: bound.port })}`
  let peers: StartedPeers
  try {
    const policies = await policiesOf(options)
    peers = makePeers({ ...rest, address: options.address ?? place, policies })
  } catch (error) {
    server.close()
    throw error
  }
  const target = new Target(peers.traffic, url.hostname.replace(/^\[|\]$/g, ''), portOf(url))
  server.on('request', (request, response) => target.request(request, response))
  server.on('checkContinue', (request, response) => target.request(request, response, true))
  server.on('upgrade', (request, _socket, head) => target.upgrade(request, head))
  outlastProxies(server)
  wrapServer(server, peers.handOver)
  takeConnections(server, peers.handOver)
  listening?.(bound)

  const over = new AbortController()
  const end = (): void => over.abort()
  signal.addEventListener('abort', end)
  const command = Command.start(words)
  let code: number | undefined
  void command?.exited.then((exit) => {
    code = exit
    end()
  })
  await watch(url, peers, over.signal)
  await peers.leave()
  if (code === undefined)
    await waitUntil(() => peers.membership.service.inFlight === 0, { withinMs: drainMs })
  server.close()
  server.closeAllConnections()
  await peers.close()
  code ??= await command?.end('SIGTERM')
  return code ?? 0
}

/** Announces the target as long as it answers; meanwhile it is no candidate here either. */
async function watch(url: URL, peers: StartedPeers, signal: AbortSignal): Promise<void> {
  const { membership, traffic } = peers
  const { log, periodMs, clock, random } = membership.settings
  const live = membership.live.of(membership.self.id)
  let answered: boolean | undefined
  while (!signal.aborted) {
    const answers = (await answersHttp(url, peerLimits.targetAnswerMs)) ?? answered ?? false
    if (signal.aborted) break
    const limits = traffic.settings.health
    const reason = 'the target does not answer'
    live.health = answers
      ? healthy
      : onProbed(live.health, false, reason, clock.now(), random, limits)
    if (answers) membership.announce()
    else membership.leave()
    if (answers !== answered) {
      if (answers) log.info({ target: url.href }, 'the target answers and is announced')
      else log.warn({ target: url.href }, 'the target does not answer and is not announced')
    }
    answered = answers
    await pause(periodMs, signal)
  }
}

const portOf = (url: URL): number => Number(url.port || 80)

function readTarget(text: string): URL {
  const target = URL.canParse(text) ? new URL(text) : undefined
  if (target?.protocol === 'http:') return target
  const problem = `target "${text}": http://host:port`
  throw new TopspinError('BAD_OPTION', problem, { side: 'proxy', phase: 'control' })
}
