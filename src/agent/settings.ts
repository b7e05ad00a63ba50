// The settings of an agent: its options, checked and with the defaults filled in. All problems are reported at once,
// before any message is sent. Used by join-cluster.ts and sidecar.ts.

import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import { systemClock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import type { Endpoint } from '../base/host-port.ts'
import { agentLimits, logLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { checkForms } from '../base/option-forms.ts'
import { stderrLog } from '../base/stderr-log.ts'
import { throttled } from '../base/throttled-log.ts'
import { checkAuthorities } from '../net/authorities.ts'
import type { ProxyTls } from '../net/mcmp-client.ts'
import { isSecret, secretForm } from '../wire/authorization.ts'
import { writeBody } from '../wire/mcmp/body.ts'
import { advertiseFrom } from './advertise-options.ts'
import type { AdvertiseSettings } from './discovery.ts'
import { checkLoad, type LoadSettings } from './load-factor.ts'
import { joinForms } from './option-table.ts'
import { agentDefaults, type DrainOptions, type NodeOptions } from './options.ts'
import { keyOf, parseProxyAddress } from './proxy-address.ts'
import { type ConfigFields, contextMessage } from './registration.ts'

export interface Settings {
  readonly proxies: readonly Endpoint[]
  readonly secret: string | undefined
  readonly advertise: AdvertiseSettings | undefined
  readonly tls: ProxyTls
  readonly config: ConfigFields
  readonly host: string | undefined
  readonly aliases: readonly string[]
  readonly contexts: readonly string[]
  readonly agentCheck: number | undefined
  readonly reportIntervalMs: number
  readonly load: LoadSettings
  readonly drain: DrainSettings
  readonly log: Logger
}

/** Without `default` and `distributable`, which have led to one of these strategies. */
interface DrainSettings {
  readonly strategy: 'requests' | 'sessions' | 'none'
  readonly deadlineMs: number
  readonly sessions: (context?: string) => number
  readonly upgraded: boolean
}

/** The protocol of a server, as MCMP names it; `h2c` and `h2`: HTTP/2 alone, in the clear or over TLS. */
export type ServerType = 'http' | 'https' | 'h2c' | 'h2'

/**
 * @param type the protocol of the server. @param listensOn its port.
 * @throws TopspinError that names every problem.
 */
export function settingsFrom(options: NodeOptions, type: ServerType, listensOn: number): Settings {
  const problems: string[] = []
  const settings: Settings = {
    ...proxySettings(options, problems),
    config: configFields(options, type, options.port ?? listensOn, problems),
    host: options.host,
    aliases: options.aliases ?? agentDefaults.aliases,
    contexts: options.contexts ?? agentDefaults.contexts,
    agentCheck: options.agentCheck,
    reportIntervalMs: options.reportIntervalMs ?? agentDefaults.reportIntervalMs,
    load: loadSettings(options, problems),
    drain: drainSettings(options.drain ?? {}, problems),
    log: logOf(options),
  }
  const { reportIntervalMsMin, reportIntervalMsMax } = agentLimits
  const { reportIntervalMs } = settings
  checkRange(
    'reportIntervalMs',
    reportIntervalMs,
    reportIntervalMsMin,
    reportIntervalMsMax,
    problems,
  )
  checkNames(settings, problems)
  if (settings.agentCheck !== undefined) checkAgentCheck(settings.agentCheck, listensOn, problems)
  if (problems.length === 0) checkMessages(settings, problems)
  if (problems.length > 0) throw badOptions(problems)
  return settings
}

/** @throws TopspinError for unknown options and for values of another type. */
export function checkJoinOptions(options: NodeOptions | undefined): void {
  const problems: string[] = []
  if (typeof options === 'object') checkForms(options, joinForms, problems)
  else problems.push("pass options, for example { proxies: ['127.0.0.1:6666'] }")
  if (problems.length > 0) throw badOptions(problems)
}

/** Outside parties can cause lines: a proxy that comes and goes, a datagram. */
const logOf = ({ log = stderrLog }: NodeOptions): Logger =>
  log === false ? silent : throttled(log, systemClock, logLimits.linesMax)

export function badOptions(problems: readonly string[]): TopspinError {
  return new TopspinError('BAD_OPTION', problems.join('; '), { side: 'proxy', phase: 'control' })
}

/** The path of a context is `/`, or segments without a slash at the end. */
export function checkPath(path: string, problems: string[]): void {
  if (path !== '/' && !/^(\/[^/?#,\s]+)+$/.test(path)) {
    problems.push(
      `context "${path}": write a path that begins with a slash and does not end with one`,
    )
  }
}

function proxySettings(
  options: NodeOptions,
  problems: string[],
): Pick<Settings, 'proxies' | 'secret' | 'advertise' | 'tls'> {
  const { secret, tls = {}, proxies = [], agentCheck } = options
  checkTls(tls, problems)
  const advertise = advertiseFrom(options.advertise, problems)
  if (secret !== undefined && !isSecret(secret)) problems.push(`secret: ${secretForm}`)
  const least = advertise === undefined && agentCheck === undefined ? 1 : 0
  if (proxies.length < least || proxies.length > agentLimits.proxiesMax)
    problems.push(`proxies: name ${least} to ${agentLimits.proxiesMax}`)
  return { proxies: readProxies(proxies, problems), secret, advertise, tls }
}

/** Without duplicates. */
function readProxies(texts: readonly string[], problems: string[]): Endpoint[] {
  const proxies = new Map<string, Endpoint>()
  for (const text of texts) {
    const proxy = parseProxyAddress(text)
    if (proxy === undefined)
      problems.push(
        `proxy "${text}": write host:port, with IPv6 addresses in brackets, or unix:/path`,
      )
    else proxies.set(keyOf(proxy), proxy)
  }
  return [...proxies.values()]
}

function checkTls({ ca, cert, key }: ProxyTls, problems: string[]): void {
  if ((cert === undefined) !== (key === undefined)) problems.push('tls: cert and key go together')
  if (ca !== undefined) attempt(() => checkAuthorities(ca), problems, 'tls.ca: ')
  if (cert !== undefined && key !== undefined)
    attempt(() => createSecureContext({ cert, key }), problems, 'tls.cert, tls.key: ')
}

function configFields(
  options: NodeOptions,
  type: string,
  port: number,
  problems: string[],
): ConfigFields {
  const { balancer, domain, sticky = {} } = options
  const route = options.route ?? defaultRoute(port)
  if (!/^[A-Za-z0-9_-]{1,63}$/.test(route) || route === 'REMOVED')
    problems.push(`route "${route}": use 1 to 63 letters, digits, "-" and "_", and not REMOVED`)
  return {
    route,
    port,
    type,
    stickySessionForce: sticky.force ?? agentDefaults.stickyForce,
    ...(balancer === undefined ? {} : { balancer }),
    ...(domain === undefined ? {} : { domain }),
    ...(sticky.enabled === undefined ? {} : { stickySession: sticky.enabled }),
    ...(sticky.cookie === undefined ? {} : { stickySessionCookie: sticky.cookie }),
    ...(sticky.path === undefined ? {} : { stickySessionPath: sticky.path }),
    ...(sticky.remove === undefined ? {} : { stickySessionRemove: sticky.remove }),
  }
}

/** Host name and port. Of a long name the end is kept, which usually differs between the machines of a site. */
function defaultRoute(port: number): string {
  return `${hostname().replace(/[^A-Za-z0-9_-]/g, '-')}-${port}`.slice(-63)
}

function loadSettings(options: NodeOptions, problems: string[]): LoadSettings {
  const isConfigured = [options.metrics, options.history, options.decay].some(
    (option) => option !== undefined,
  )
  const defaults = isConfigured ? agentDefaults.configuredLoad : agentDefaults.defaultLoad
  const { history = defaults.history, decay = defaults.decay } = options
  const { initialLoad = agentDefaults.initialLoad } = options
  const load = { history, decay, initialLoad }
  checkLoad(options.metrics ?? [], load, problems)
  return load
}

function drainSettings(options: DrainOptions, problems: string[]): DrainSettings {
  const { drain } = agentDefaults
  const { strategy = drain.strategy, deadlineMs = drain.deadlineMs } = options
  const { upgraded = drain.upgraded, distributable = drain.distributable, sessions } = options
  checkRange('drain.deadlineMs', deadlineMs, 0, agentLimits.drainMsMax, problems)
  if (strategy === 'sessions' && sessions === undefined)
    problems.push('drain: the strategy "sessions" needs the function `sessions`')
  const byDefault = sessions !== undefined && !distributable ? 'sessions' : 'requests'
  return {
    strategy: strategy === 'default' ? byDefault : strategy,
    deadlineMs,
    upgraded,
    sessions: sessions ?? (() => 0),
  }
}

function checkNames({ contexts, aliases }: Settings, problems: string[]): void {
  if (contexts.length === 0 || contexts.length > agentLimits.contextsMax)
    problems.push(`contexts: name 1 to ${agentLimits.contextsMax}`)
  for (const path of contexts) checkPath(path, problems)
  if (aliases.length === 0) problems.push('aliases: name at least one')
}

function checkAgentCheck(port: number, listensOn: number, problems: string[]): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    problems.push(`agentCheck ${port}: a port from 1 to 65535`)
  else if (port === listensOn)
    problems.push(`agentCheck ${port}: the server has this port; choose another one`)
}

/** The codec checks lengths and characters, so every message of the registration is written once. */
function checkMessages({ config, host, aliases, contexts }: Settings, problems: string[]): void {
  const address = { host: host ?? '127.0.0.1', aliases: [], contexts: [] }
  attempt(() => writeBody({ ...config, ...address, method: 'CONFIG' }), problems)
  for (const path of contexts)
    attempt(() => writeBody(contextMessage({ config, aliases }, path, 'ENABLED')), problems)
}

function checkRange(
  name: string,
  value: number,
  least: number,
  most: number,
  problems: string[],
): void {
  if (!(value >= least && value <= most)) problems.push(`${name} ${value}: ${least} to ${most}`)
}

/** An exception is a problem. */
function attempt(check: () => unknown, problems: string[], prefix: string = ''): void {
  try {
    check()
  } catch (error) {
    problems.push(`${prefix}${error instanceof Error ? error.message : String(error)}`)
  }
}
