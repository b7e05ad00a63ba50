// The part of the configuration for the traffic, as options of a proxy: plain values, so that they can be sent to
// another process. Pure.

import type { CascadeEntry } from '../candidacy/cascades.ts'
import type {
  HttpsRedirect,
  ProxySettings,
  RuleSettings,
  StickyEntry,
  Timeouts,
} from '../proxy/forms.ts'
import type { Address, ProxyOptions } from '../proxy/index.ts'
import type { Config, TrafficTimeouts } from './schema.ts'
import type { RedirectEntry } from './schema-https.ts'
import type { ListenEntry } from './schema-listen.ts'
import { stickyOf } from './schema-sticky.ts'
import type { TlsMaterial } from './tls-files.ts'

/** The options of a proxy that the configuration sets. */
export type TrafficSettings = Pick<
  ProxyOptions,
  'listen' | 'tls' | 'nodeTls' | 'nodesAllow' | 'keepAlive'
> &
  Omit<ProxySettings, 'timeouts' | 'health' | 'outlier' | 'retryBudget'> & {
    readonly timeouts: Omit<Timeouts, 'lingerMs'>
  }

/** The candidacy functions, those of paths, and the rules of sticky sessions. */
export type CascadeRules = Pick<ProxySettings, 'candidacy' | 'balance' | 'sticky'>

/** All cascades as one list. */
export function cascadesIn({
  candidacy,
  balance,
}: Pick<Config, 'candidacy' | 'balance'>): readonly CascadeEntry[] {
  return [{ path: '/', candidacy }, ...balance.flatMap(cascadeOf)]
}

function cascadeOf({ path, candidacy }: Config['balance'][number]): readonly CascadeEntry[] {
  return path === undefined || candidacy === undefined ? [] : [{ path, candidacy }]
}

/** The rules of the configuration, with `bySessionId` where `deterministicFailover` asks for it. */
export function cascadeRules(config: Config): CascadeRules {
  const { candidacy, balance, deterministicFailover, sticky } = config
  const change = deterministicFailover ? withSessionId : (list: readonly string[]) => list
  return {
    candidacy: change(candidacy),
    balance: balance
      .flatMap(cascadeOf)
      .map((entry) => ({ ...entry, candidacy: change(entry.candidacy) })),
    sticky: [sticky, ...balance.flatMap((entry) => stickyEntries(sticky, entry))],
  }
}

function stickyEntries(
  base: Config['sticky'],
  { path, balancer, sticky }: Config['balance'][number],
): readonly StickyEntry[] {
  return sticky === undefined ? [] : [{ ...stickyOf(base, sticky), path, balancer }]
}

/** @param pseudonym the name in `Via` when the configuration has none: the same in all workers, so that each detects a loop through another. */
export function trafficSettings(
  config: Config,
  tls: TlsMaterial,
  pseudonym: string,
): TrafficSettings {
  return {
    listen: config.listen.map((entry) => addressOf(entry, config)),
    httpsRedirect: redirectOf(config.httpsRedirect, config) ?? undefined,
    hsts: config.hsts ?? undefined,
    tls: tls.traffic,
    nodeTls: tls.nodes,
    nodesAllow: config.control.nodes.allow,
    // Known to the process alone that orders certificates.
    challenges: undefined,
    clientCert: config.tls.forwardClientCert,
    trust: config.trust.from,
    trustHeader: config.trust.header,
    underscores: config.headers.underscores,
    headLimits: {
      fieldBytes: config.headers.maxField,
      totalBytes: config.headers.maxTotal,
      count: config.headers.maxCount,
    },
    strictTarget: config.target.strict,
    allowHalfOpen: config.allowHalfOpen,
    // With one port for everything a connection carries one request.
    http2: config.http2 && !config.control.traffic,
    useAlias: config.useAlias,
    requestId: config.requestId,
    noContextStatus: config.noContextStatus,
    via: config.via ?? pseudonym,
    ...cascadeRules(config),
    routes: config.routes.map((entry) => ruleOf(entry, tls)),
    // With one port for everything the next request of a connection may be a message.
    keepAlive: !config.control.traffic,
    connectionsMax: config.maxConnections,
    bodyMinRate: config.body.minRate,
    poolIdleMs: config.pool.idle,
    poolIdleMax: config.pool.idleMax,
    sendProxy: config.sendProxy,
    ajp: { secret: config.ajp.secret, packetBytes: config.ajp.packetSize },
    timeouts: timeoutsOf(config.timeouts),
  }
}

function ruleOf(
  { registers: _, auth, errors, ...rule }: Config['routes'][number],
  { ruleFiles }: Pick<TlsMaterial, 'ruleFiles'>,
): RuleSettings {
  return {
    ...rule,
    errors: errors.map(({ status, file }) => ({
      statuses: [status],
      end: file.slice(file.lastIndexOf('.') + 1),
      text: ruleFiles[file] ?? '',
    })),
    ...(auth && { auth: { realm: auth.realm, users: ruleFiles[auth.file] ?? '' } }),
  }
}

/** An address of `listen` as the proxy takes it. */
export function addressOf(
  { tlsFiles: _, httpsRedirect, ...entry }: ListenEntry,
  config: Pick<Config, 'listen'>,
): Address {
  return httpsRedirect === undefined
    ? entry
    : { ...entry, httpsRedirect: redirectOf(httpsRedirect, config) }
}

function redirectOf(
  entry: RedirectEntry | null,
  { listen }: Pick<Config, 'listen'>,
): HttpsRedirect | null {
  if (entry === null) return null
  const secure = listen.find(({ tls, port }) => tls === true && port > 0)
  return { status: entry.status, port: entry.port ?? secure?.port ?? 443 }
}

function timeoutsOf({
  drain: _,
  replaced: _replaced,
  ...timeouts
}: Config['timeouts']): TrafficSettings['timeouts'] {
  const entries = Object.entries(timeouts satisfies TrafficTimeouts)
  return Object.fromEntries(
    entries.map(([key, ms]) => [`${key}Ms`, ms]),
  ) as unknown as TrafficSettings['timeouts']
}

/** Before the last function, which would choose among the remaining nodes. */
function withSessionId(cascade: readonly string[]): readonly string[] {
  return cascade.includes('bySessionId')
    ? cascade
    : [...cascade.slice(0, -1), 'bySessionId', ...cascade.slice(-1)]
}
