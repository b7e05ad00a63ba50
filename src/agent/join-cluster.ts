// A server of this process joins the cluster: it is counted and measured without a change to its
// handlers, announced to every proxy, and taken out again without an error for anybody.

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import { systemClock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import { agentLimits } from '../base/limits.ts'
import { waitUntil } from '../base/wait.ts'
import { holdSignals } from '../host/signals.ts'
import { isWildcard } from '../net/address.ts'
import { outlastProxies } from '../net/keep-alive.ts'
import { defaultMetrics } from './default-metrics.ts'
import { Figures } from './figures.ts'
import { InFlight } from './in-flight.ts'
import { LoadFactor } from './load-factor.ts'
import { Membership, type ProxyStatus } from './membership.ts'
import { badOptions, checkPath, type NodeOptions, settingsFrom } from './options.ts'
import type { ContextState } from './registration.ts'

export interface JoinOptions extends NodeOptions {
  /** Reject when no proxy has registered this node within `requiredMs`. Default false: keep trying. */
  readonly required?: boolean
  /** Default 15 000. */
  readonly requiredMs?: number
  /**
   * On SIGTERM or SIGINT leave the cluster first, then let the application's own handlers run, or end
   * the process where it has none. A second signal cuts the waiting short. Default false.
   */
  readonly signals?: boolean
  /** Called after every change of `status`. */
  readonly changed?: (status: readonly ProxyStatus[]) => void
}

/** A server's membership of the cluster. */
export interface Agent extends AsyncDisposable {
  readonly route: string
  /** Where every proxy stands, in the order of the options. */
  readonly status: readonly ProxyStatus[]
  /** State of every context, as this node wants it. */
  readonly contexts: ReadonlyMap<string, ContextState>
  /** Requests in hand now. */
  readonly inFlight: number
  /** New sessions and requests for a context; a path that is not known yet is added. */
  enable(context: string): Promise<void>
  /** No new sessions; those that are here go on. */
  disable(context: string): Promise<void>
  /** No requests at all. */
  stop(context: string): Promise<void>
  /** The proxies forget the context. */
  remove(context: string): Promise<void>
  /**
   * DISABLE-APP, STOP-APP and the waiting of the option `drain`. For one context, as before a redeploy: it is
   * STOPPED then, until `enable` or `remove`. For all of them, for good: what is left is `close`.
   */
  drain(context?: string): Promise<void>
  /** Drains, leaves the cluster, then closes the server, all within a deadline. */
  close(): Promise<void>
}

/**
 * Joins the cluster with a server that listens, or will. Settled when every proxy that can be reached
 * has this node registered; the others are tried for ever.
 * @example
 * const server = http.createServer(app).listen(3000)
 * const agent = await joinCluster(server, { proxies: ['127.0.0.1:6666'], contexts: ['/shop'] })
 */
export async function joinCluster(
  server: Server | HttpsServer,
  options: JoinOptions,
): Promise<Agent> {
  // Options are checked before the port is known, so that mistakes show at once.
  const type = server instanceof TlsServer ? 'https' : 'http'
  settingsFrom(options, type, options.port ?? 1)
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') {
    throw badOptions(['the server listens on no TCP port, so no proxy can reach it'])
  }
  const settings = settingsFrom(options, type, address.port)
  const inFlight = new InFlight(server)
  const figures = new Figures(inFlight, systemClock)
  const metrics = options.metrics ?? defaultMetrics(options.capacity)
  const { history, decay, initialLoad } = options
  const factor = new LoadFactor({
    metrics,
    log: settings.log,
    ...(history === undefined ? {} : { history }),
    ...(decay === undefined ? {} : { decay }),
    ...(initialLoad === undefined ? {} : { initialLoad }),
  })
  outlastProxies(server)
  const served = {
    inFlight: () => inFlight.count,
    upgraded: () => inFlight.upgraded.size,
    load: () => factor.next(figures.round()),
    stopped: () => {
      inFlight.lastAnswers = true
    },
  }
  const bound = isWildcard(address.address) ? undefined : address.address
  const membership: Membership = new Membership(settings, served, bound, () =>
    options.changed?.(membership.status),
  )
  const letGo = (): void => {
    inFlight.close()
    figures.close()
    for (const metric of metrics) metric.close?.()
  }

  let closed: Promise<void> | undefined
  let releaseSignals = (): void => {}
  const close = async (): Promise<void> => {
    await membership.leave()
    await closeServer(server, inFlight)
    letGo()
    releaseSignals()
  }
  const agent: Agent = {
    route: settings.config.route,
    get status() {
      return membership.status
    },
    get contexts() {
      return membership.contexts
    },
    get inFlight() {
      return inFlight.count
    },
    enable: (context) => change(membership, context, 'ENABLED'),
    disable: (context) => change(membership, context, 'DISABLED'),
    stop: (context) => change(membership, context, 'STOPPED'),
    remove: (context) => change(membership, context, 'REMOVED'),
    drain: (context) =>
      context === undefined ? membership.drain() : drainContext(membership, context),
    close() {
      closed ??= close()
      return closed
    },
    [Symbol.asyncDispose]: () => agent.close(),
  }
  // An application that closes its server by itself is not there any more.
  server.once('close', () => void agent.close())
  if (options.signals === true) {
    releaseSignals = holdSignals({
      leave: (handled) => (handled ? membership.leave().then(letGo) : agent.close()),
      hurry: () => membership.hurry(),
    })
  }
  await joined(membership, options, async () => {
    membership.hurry()
    await membership.leave()
    letGo()
    releaseSignals()
  })
  return agent
}

async function joined(
  membership: Membership,
  options: JoinOptions,
  giveUp: () => Promise<void>,
): Promise<void> {
  const { required = false, requiredMs = 15_000 } = options
  const tried = membership.join()
  if (!required) return tried
  if (await waitUntil(() => membership.registered, { withinMs: requiredMs })) return
  const why = membership.status.map(({ proxy, state }) => {
    const reason = 'reason' in state ? state.reason : undefined
    return `${proxy}: ${reason ?? 'no answer yet'}`
  })
  await giveUp()
  const message = `no proxy has registered this node within ${requiredMs} ms (${why.join('; ')})`
  throw new TopspinError('NOT_REGISTERED', message, { side: 'proxy', phase: 'control' })
}

async function drainContext(membership: Membership, context: string): Promise<void> {
  if (!membership.contexts.has(context)) throw badOptions([`context "${context}": not one of ours`])
  await membership.drainContext(context)
}

async function change(
  membership: Membership,
  context: string,
  state: ContextState | 'REMOVED',
): Promise<void> {
  const problems: string[] = []
  checkPath(context, problems)
  const known = membership.contexts
  if (!known.has(context) && known.size >= agentLimits.contextsMax) {
    problems.push(`contexts: at most ${agentLimits.contextsMax}`)
  }
  if (problems.length > 0) throw badOptions(problems)
  await membership.setContext(context, state)
}

/** Idle connections at once; what is still open a second later is cut, upgraded connections too. */
async function closeServer(server: Server, inFlight: InFlight): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => {
    server.closeAllConnections()
    for (const socket of inFlight.upgraded) socket.destroy()
  }, agentLimits.closeMs)
  await closed
  clearTimeout(cut)
}
