// What an application may tell the agent, and the checks: all problems at once, in words, before any
// message is sent. Called by join-cluster.ts and sidecar.ts.

import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import { TopspinError } from '../base/errors.ts'
import { type Endpoint, parseHostPort } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { checkAuthorities } from '../net/authorities.ts'
import type { ProxyTls } from '../net/mcmp-client.ts'
import { isSecret, secretForm } from '../wire/authorization.ts'
import { writeBody } from '../wire/mcmp/body.ts'
import { type AdvertiseOptions, advertiseFrom } from './advertise-options.ts'
import { controlPort } from './control-port.ts'
import type { AdvertiseSettings } from './discovery.ts'
import type { LoadMetric } from './load-metric.ts'
import { type ContextState, contextMessage, type NodeConfig } from './registration.ts'

export interface DrainOptions {
  /**
   * What is waited for before the node leaves: `sessions` that `sessions()` falls to 0, while requests with a
   * session still come in, and then the requests in flight; `requests` those alone; `none` nothing;
   * `default` (default) the sessions when `sessions` is given and they are not `distributable`, otherwise
   * the requests. These are ALWAYS, NEVER and DEFAULT of mod_cluster's session draining strategy.
   */
  readonly strategy?: 'default' | 'requests' | 'sessions' | 'none'
  /** Milliseconds for all the waiting together, at most a day. Default 10 000. */
  readonly deadlineMs?: number
  /** Sessions alive here, or in one context; needed by the strategy `sessions`. */
  readonly sessions?: (context?: string) => number
  /** Other nodes have the sessions, too, so that nobody misses them here. Default false. */
  readonly distributable?: boolean
  /** Whether WebSockets and other upgraded connections are waited for too. Default false. */
  readonly upgraded?: boolean
}

/** With what `default` comes to. */
interface Drain {
  readonly strategy: 'requests' | 'sessions' | 'none'
  readonly deadlineMs: number
  readonly sessions: (context?: string) => number
  readonly upgraded: boolean
}

export interface StickyOptions {
  /** Whether sessions stay at their node. Default: the proxy's (yes). */
  readonly enabled?: boolean
  /** Name of the session cookie, at most 29 bytes. Default JSESSIONID. */
  readonly cookie?: string
  /** Name of the path parameter, at most 29 bytes. Default jsessionid. */
  readonly path?: string
  /** Whether the proxy takes the session id out when its node is gone. Default false. */
  readonly remove?: boolean
  /** Whether a request whose node is gone is refused instead of served elsewhere. Default false, as in Java nodes. */
  readonly force?: boolean
}

export interface NodeOptions {
  /**
   * Control addresses of all proxies, `host:port` or `https://host:port`; the port is 6666 where none is given. A name stands for all
   * its addresses, `_service._tcp.domain` for its SRV records; both are asked for again and again.
   */
  readonly proxies?: readonly string[]
  /**
   * The shared secret of the proxies: 8 to 256 visible ASCII characters. One that was heard of is shown it only
   * with `advertise.key` and `advertise.requireMac`. Default: none is shown.
   */
  readonly secret?: string
  /** Listen for proxies that tell of themselves; `proxies` may then be left out. Default: not. */
  readonly advertise?: AdvertiseOptions
  /** For proxies over TLS: who may have signed their certificate, and the one of this node. */
  readonly tls?: ProxyTls
  /** Paths that this node serves, each with everything below. Default `['/']`. */
  readonly contexts?: readonly string[]
  /** Names of the virtual host. Default `['localhost']`; a proxy that does not look at names takes any. */
  readonly aliases?: readonly string[]
  /**
   * Name of this node in the cluster and suffix of its session ids: at most 63 bytes of letters,
   * digits, `-` and `_`. Default: host name and port, so that it stays the same after a restart.
   */
  readonly route?: string
  /** Balancer to join, at most 39 bytes. Default: the proxy's (`mycluster`). */
  readonly balancer?: string
  /** Failover group (LBGroup), at most 19 bytes. Default none. */
  readonly domain?: string
  /** Address at which proxies reach this node. Default: the one it listens on, or for a wildcard this end of the connection to the proxy. */
  readonly host?: string
  /** Port at which proxies reach this node. Default: the one it listens on. */
  readonly port?: number
  readonly sticky?: StickyOptions
  /** Milliseconds between load reports, 100..600 000. Default 10 000. */
  readonly reportIntervalMs?: number
  /** What the load factor is made of. Default: see `defaultMetrics`. */
  readonly metrics?: readonly LoadMetric[]
  /** Requests in flight that mean "full". Default: learnt, see `busyness`. */
  readonly capacity?: number
  /** Load factor to start from, see `LoadFactorOptions`. Default 0. */
  readonly initialLoad?: number
  /** Earlier values that count in the load factor. Default 9. */
  readonly history?: number
  /** How much less each older value counts. Default 2. */
  readonly decay?: number
  readonly drain?: DrainOptions
  /** Default: says nothing. */
  readonly log?: Logger
}

/** Options after the checks, with the defaults in place; no address yet. */
export interface Settings {
  readonly proxies: readonly Endpoint[]
  readonly secret: string | undefined
  readonly advertise: AdvertiseSettings | undefined
  readonly tls: ProxyTls
  readonly config: NodeConfig
  readonly host: string | undefined
  readonly aliases: readonly string[]
  readonly contexts: readonly string[]
  readonly reportIntervalMs: number
  readonly drain: Drain
  readonly log: Logger
}

/** `type` is what the server speaks, `port` the one it listens on. Throws a TopspinError that names every problem. */
export function settingsFrom(options: NodeOptions, type: 'http' | 'https', port: number): Settings {
  const problems: string[] = []
  const { contexts = ['/'], aliases = ['localhost'], reportIntervalMs = 10_000 } = options
  const announced = options.port ?? port
  const route = options.route ?? defaultRoute(announced)
  const { tls = {} } = options
  checkTls(tls, problems)
  const advertise = advertiseFrom(options.advertise, problems)
  const proxies = readProxies(options.proxies ?? [], advertise === undefined ? 1 : 0, problems)
  const { secret } = options
  if (secret !== undefined && !isSecret(secret)) problems.push(`secret: ${secretForm}`)
  if (!/^[A-Za-z0-9_-]{1,63}$/.test(route) || route === 'REMOVED') {
    problems.push(`route "${route}": 1 to 63 letters, digits, "-" and "_", and not REMOVED`)
  }
  between(
    'reportIntervalMs',
    reportIntervalMs,
    agentLimits.reportIntervalMsMin,
    agentLimits.reportIntervalMsMax,
    problems,
  )
  if (contexts.length === 0 || contexts.length > agentLimits.contextsMax) {
    problems.push(`contexts: 1 to ${agentLimits.contextsMax} of them`)
  }
  for (const path of contexts) checkPath(path, problems)
  if (aliases.length === 0) problems.push('aliases: at least one')
  const drain = drainFrom(options.drain ?? {}, problems)
  const config = nodeConfig(options, type, announced, route)
  if (problems.length === 0) checkWritable(config, options.host, aliases, contexts, problems)
  if (problems.length > 0) throw badOptions(problems)
  return {
    proxies,
    secret,
    advertise,
    tls,
    config,
    host: options.host,
    aliases,
    contexts,
    reportIntervalMs,
    drain,
    log: options.log ?? silent,
  }
}

function drainFrom(options: DrainOptions, problems: string[]): Drain {
  const { strategy = 'default', deadlineMs = 10_000, upgraded = false } = options
  const { sessions, distributable = false } = options
  between('drain.deadlineMs', deadlineMs, 0, agentLimits.drainMsMax, problems)
  if (strategy === 'sessions' && sessions === undefined) {
    problems.push('drain: the strategy "sessions" needs the function `sessions`')
  }
  const usual = sessions !== undefined && !distributable ? 'sessions' : 'requests'
  return {
    strategy: strategy === 'default' ? usual : strategy,
    deadlineMs,
    upgraded,
    sessions: sessions ?? (() => 0),
  }
}

/** Host name and port: the end of a long name is kept, which tells the machines of a site apart. */
function defaultRoute(port: number, name: string = hostname()): string {
  return `${name.replace(/[^A-Za-z0-9_-]/g, '-')}-${port}`.slice(-63)
}

/** The state of every context at the start. */
export function allEnabled(contexts: readonly string[]): Map<string, ContextState> {
  return new Map(contexts.map((path) => [path, 'ENABLED']))
}

export function badOptions(problems: readonly string[]): TopspinError {
  return new TopspinError('BAD_OPTION', problems.join('; '), { side: 'proxy', phase: 'control' })
}

function nodeConfig(options: NodeOptions, type: string, port: number, route: string): NodeConfig {
  const { balancer, domain, sticky = {} } = options
  return {
    route,
    port,
    type,
    stickySessionForce: sticky.force ?? false,
    ...(balancer === undefined ? {} : { balancer }),
    ...(domain === undefined ? {} : { domain }),
    ...(sticky.enabled === undefined ? {} : { stickySession: sticky.enabled }),
    ...(sticky.cookie === undefined ? {} : { stickySessionCookie: sticky.cookie }),
    ...(sticky.path === undefined ? {} : { stickySessionPath: sticky.path }),
    ...(sticky.remove === undefined ? {} : { stickySessionRemove: sticky.remove }),
  }
}

function readProxies(texts: readonly string[], least: number, problems: string[]): Endpoint[] {
  if (texts.length < least || texts.length > agentLimits.proxiesMax) {
    problems.push(`proxies: ${least} to ${agentLimits.proxiesMax} of them`)
  }
  const proxies = new Map<string, Endpoint>()
  for (const text of texts) {
    const secure = /^https:\/\/([^/]*)\/?$/.exec(text.trim())?.[1]
    const proxy = parseHostPort(secure ?? text, controlPort)
    if (proxy === undefined)
      problems.push(`proxy "${text}": host:port, with IPv6 addresses in brackets`)
    else {
      const endpoint: Endpoint = secure === undefined ? proxy : { ...proxy, tls: true }
      proxies.set(`${proxy.host} ${proxy.port}`, endpoint)
    }
  }
  return [...proxies.values()]
}

function checkTls({ ca, cert, key }: ProxyTls, problems: string[]): void {
  if ((cert === undefined) !== (key === undefined)) problems.push('tls: cert and key go together')
  const attempt = (name: string, check: () => unknown): void => {
    try {
      check()
    } catch (error) {
      problems.push(`tls.${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (ca !== undefined) attempt('ca', () => checkAuthorities(ca))
  if (cert !== undefined && key !== undefined)
    attempt('cert, tls.key', () => createSecureContext({ cert, key }))
}

function between(
  name: string,
  value: number,
  least: number,
  most: number,
  problems: string[],
): void {
  if (!(value >= least && value <= most)) problems.push(`${name} ${value}: ${least} to ${most}`)
}

/** A path of a context: `/`, or segments without a slash at the end. */
export function checkPath(path: string, problems: string[]): void {
  if (path !== '/' && !/^(\/[^/?#,\s]+)+$/.test(path)) {
    problems.push(`context "${path}": a path with a slash in front and none behind`)
  }
}

/** The codec knows lengths and forbidden characters: it writes what will be sent. */
function checkWritable(
  config: NodeConfig,
  host: string | undefined,
  aliases: readonly string[],
  contexts: readonly string[],
  problems: string[],
): void {
  const attempt = (write: () => unknown): void => {
    try {
      write()
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  const full = { ...config, host: host ?? '127.0.0.1', aliases: [], contexts: [] }
  attempt(() => writeBody({ ...full, method: 'CONFIG' }))
  for (const path of contexts) {
    attempt(() => writeBody(contextMessage({ config, aliases }, path, 'ENABLED')))
  }
}
