// Makes a server of this process a node of the cluster: announced to every proxy, with load reports, and removed again
// without a failed request.

import cluster from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { TopspinError } from '../base/errors.ts'
import { agentLimits } from '../base/limits.ts'
import { waitUntil } from '../base/wait.ts'
import { sendReady } from '../host/pm2.ts'
import { holdSignals } from '../host/signals.ts'
import { SharedMembership } from './group/shared-membership.ts'
import { type JoinedServer, typeOf } from './http2-server.ts'
import { LocalServer } from './local-server.ts'
import { Membership, type NodeMembership, type ProxyStatus } from './membership.ts'
import { agentDefaults, type NodeOptions } from './options.ts'
import type { ContextState } from './registration.ts'
import { badOptions, checkJoinOptions, checkPath, type Settings, settingsFrom } from './settings.ts'

export interface JoinOptions extends NodeOptions {
  /** Whether to reject when no proxy has registered this node within `requiredMs`. Default false: keep trying. */
  readonly required?: boolean | undefined
  /** Default 15 000. */
  readonly requiredMs?: number | undefined
  /**
   * Whether SIGTERM and SIGINT first take the node out of the cluster. Then the application's own handlers run; without
   * handlers the process ends. A second signal, half a second later or more, ends the waits. The message `shutdown` of PM2,
   * `worker.disconnect()` of the primary of node:cluster and the loss of that primary count as signals, and PM2 gets its
   * message `ready`. Not in worker threads, which get no signals. Default false.
   */
  readonly signals?: boolean | undefined
  /**
   * Whether other processes listen on the same port, or will: then all of them are one node. Default: whether this
   * process is a worker of node:cluster, as also in PM2's cluster mode. To be set where the servers of several processes
   * or threads listen with `reusePort`.
   */
  readonly sharedPort?: boolean | undefined
  /** Called after every change of `status`. */
  readonly changed?: ((status: readonly ProxyStatus[]) => void) | undefined
}

/**
 * A server's membership of the cluster. Where several processes share the port, `status` and `contexts` are those of all,
 * a change of a context holds for all, and `drain` and `close` are about this process until it is the last one.
 */
export interface Agent extends AsyncDisposable {
  readonly route: string
  /** The state of the link to every proxy, in the order of the options. */
  readonly status: readonly ProxyStatus[]
  /** Path to the state that this node wants. */
  readonly contexts: ReadonlyMap<string, ContextState>
  /** Requests in flight now, of this process. */
  readonly inFlight: number
  /** ENABLED: new sessions and all requests. A new path is added. */
  enable(context: string): Promise<void>
  /** DISABLED: no new sessions, only requests of existing ones. */
  disable(context: string): Promise<void>
  /** STOPPED: no requests. */
  stop(context: string): Promise<void>
  /** Removes the context at the proxies. */
  remove(context: string): Promise<void>
  /**
   * DISABLE-APP, STOP-APP and the waits of the option `drain`. One context, before a redeploy, is STOPPED afterwards,
   * until `enable` or `remove`. Without an argument the whole node is drained for good, and only `close` can follow.
   */
  drain(context?: string): Promise<void>
  /** Drains, leaves the cluster and closes the server, all within a deadline. */
  close(): Promise<void>
}

/**
 * Joins the cluster with a server that listens, now or later. Resolves when every proxy has registered this node or the
 * first attempt has failed; failed attempts are repeated without end. Rejects with a TopspinError that names every
 * problem of the options.
 * @example
 * const server = http.createServer(app).listen(3000)
 * const agent = await joinCluster(server, { proxies: ['127.0.0.1:6666'], contexts: ['/shop'] })
 */
export async function joinCluster(server: JoinedServer, options: JoinOptions): Promise<Agent> {
  const release = markJoined(server)
  try {
    return await join(server, options, release)
  } catch (error) {
    release()
    throw error
  }
}

/** @param left called when the server has left. */
async function join(server: JoinedServer, options: JoinOptions, left: () => void): Promise<Agent> {
  const { settings, address } = await settingsOf(server, options)
  const local = new LocalServer(server, address, settings, options)
  const changed = (): void => options.changed?.(membership.status)
  const { sharedPort = cluster.isWorker } = options
  const membership: NodeMembership = sharedPort
    ? new SharedMembership(settings, local, changed)
    : new Membership(settings, local, changed)
  let releaseSignals = (): void => {}
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= (async () => {
      await membership.leave()
      await local.close()
      release()
      releaseSignals()
    })()
    return closed
  }
  const release = (): void => {
    local.release()
    left()
  }
  // An application that closes its server itself has left.
  server.once('close', () => void close())
  if (options.signals === true) {
    releaseSignals = holdSignals({
      leave: (handled) => (handled ? membership.leave().then(release) : close()),
      hurry: () => membership.hurry(),
    })
  }
  try {
    await joined(membership, options)
  } catch (error) {
    local.release()
    releaseSignals()
    throw error
  }
  if (options.signals === true) sendReady()
  return agentOf(membership, local, close)
}

/** Resolves as `joinCluster`. */
async function joined(
  membership: NodeMembership,
  { required = false, requiredMs = agentDefaults.requiredMs }: JoinOptions,
): Promise<void> {
  const tried = membership.join()
  if (!required) return tried
  const registered = waitUntil(() => membership.isRegistered, { withinMs: requiredMs })
  await Promise.race([tried, registered])
  if (await registered) return
  const error = notRegistered(membership, requiredMs)
  membership.hurry()
  await membership.leave()
  throw error
}

/** On the server itself, so that another copy of this package sees it, too. */
const joinedMark: unique symbol = Symbol.for('topspin.joined') as never

/** @returns a function that removes the mark. @throws TopspinError when an agent has the server already. */
function markJoined(server: JoinedServer & { [joinedMark]?: true }): () => void {
  if (server[joinedMark] === true) {
    const message =
      'this server has joined already: close its agent first, or start the process without topspin/auto if the application joins itself'
    throw new TopspinError('ALREADY_JOINED', message, { side: 'proxy', phase: 'control' })
  }
  Object.defineProperty(server, joinedMark, { value: true, configurable: true })
  return () => delete server[joinedMark]
}

/** Waits until the server listens. The options are checked before that, so that mistakes show at once. */
async function settingsOf(
  server: JoinedServer,
  options: JoinOptions,
): Promise<{ settings: Settings; address: AddressInfo }> {
  checkJoinOptions(options)
  if (typeof server?.address !== 'function')
    throw badOptions(['server: pass the http.Server, which for example app.listen() returns'])
  if (options.signals === true && !isMainThread)
    throw badOptions([
      'signals: no signal reaches a worker thread; leave the option out, and call `close` of the agent when the main thread gets the signal',
    ])
  const type = typeOf(server)
  settingsFrom(options, type, options.port ?? 1)
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw badOptions(['the server does not listen on a TCP port, so no proxy can reach it'])
  return { settings: settingsFrom(options, type, address.port), address }
}

function agentOf(
  membership: NodeMembership,
  local: LocalServer,
  close: () => Promise<void>,
): Agent {
  return {
    get route() {
      return membership.route
    },
    get status() {
      return membership.status
    },
    get contexts() {
      return membership.contexts
    },
    get inFlight() {
      return local.inFlight()
    },
    enable: (context) => setContext(membership, context, 'ENABLED'),
    disable: (context) => setContext(membership, context, 'DISABLED'),
    stop: (context) => setContext(membership, context, 'STOPPED'),
    remove: (context) => setContext(membership, context, 'REMOVED'),
    drain: (context) =>
      context === undefined ? membership.drain() : drainContext(membership, context),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function setContext(
  membership: NodeMembership,
  context: string,
  state: ContextState | 'REMOVED',
): Promise<void> {
  const problems: string[] = []
  checkPath(context, problems)
  const { contexts } = membership
  if (!contexts.has(context) && contexts.size >= agentLimits.contextsMax)
    problems.push(`contexts: at most ${agentLimits.contextsMax}`)
  if (problems.length > 0) throw badOptions(problems)
  await membership.setContext(context, state)
}

async function drainContext(membership: NodeMembership, context: string): Promise<void> {
  if (!membership.contexts.has(context))
    throw badOptions([`context "${context}" is not a context of this node`])
  await membership.drainContext(context)
}

function notRegistered(membership: NodeMembership, requiredMs: number): TopspinError {
  const reasons = membership.status.map(({ proxy, state }) => {
    const reason = 'reason' in state ? state.reason : undefined
    return `${proxy}: ${reason ?? 'no reply yet'}`
  })
  const message = `no proxy has registered this node within ${requiredMs} ms (${reasons.join('; ')})`
  return new TopspinError('NOT_REGISTERED', message, { side: 'proxy', phase: 'control' })
}
