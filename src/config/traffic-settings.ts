// What the configuration says about the traffic, in the words of the proxy: plain values, so that they can
// be sent to another process. Pure; called once at the start.

import type { CascadeEntry } from '../candidacy/cascades.ts'
import { newPseudonym, type ProxyOptions } from '../proxy/index.ts'
import type { Config } from './schema.ts'
import type { TlsMaterial } from './tls-files.ts'

/** The options of a proxy but for what only lives in one process. */
export type TrafficSettings = Omit<
  ProxyOptions,
  | 'live'
  | 'accessLog'
  | 'onNodeDown'
  | 'openFiles'
  | 'log'
  | 'clock'
  | 'random'
  | 'policies'
  | keyof CascadeRules
> &
  CascadeRules

/** Which candidacy functions choose, and where. */
export type CascadeRules = Pick<Config, 'candidacy' | 'balance'>

/** The cascades by themselves, for those who load what they name. */
export function cascadesIn({ candidacy, balance }: CascadeRules): readonly CascadeEntry[] {
  return [{ path: '/', candidacy }, ...balance]
}

/** What the configuration says about them, with what `deterministicFailover` adds. */
export function cascadeRules(config: Config): CascadeRules {
  const { candidacy, balance, deterministicFailover } = config
  if (!deterministicFailover) return { candidacy, balance }
  return {
    candidacy: withSessionId(candidacy),
    balance: balance.map((entry) => ({ ...entry, candidacy: withSessionId(entry.candidacy) })),
  }
}

export function trafficSettings(config: Config, tls: TlsMaterial): TrafficSettings {
  const { timeouts } = config
  return {
    listen: config.listen,
    tls: tls.traffic,
    nodeTls: tls.nodes,
    clientCert: config.tls.forwardClientCert,
    trust: config.trust,
    useAlias: config.useAlias,
    noContextStatus: config.noContextStatus,
    // Chosen here, so that all workers know a loop through any of them.
    via: config.via ?? newPseudonym(),
    ...cascadeRules(config),
    // On one port the next request of a connection may be somebody else's.
    keepAlive: !config.control.traffic,
    connectionsMax: config.maxConnections,
    poolIdleMs: config.pool.idle,
    poolIdleMax: config.pool.idleMax,
    ajp: { secret: config.ajp.secret, packetBytes: config.ajp.packetSize },
    timeouts: {
      headMs: timeouts.head,
      idleMs: timeouts.idle,
      bodyMs: timeouts.body,
      sendMs: timeouts.send,
      connectMs: timeouts.connect,
      responseHeadMs: timeouts.responseHead,
      responseBodyMs: timeouts.responseBody,
      tunnelMs: timeouts.tunnel,
    },
  }
}

/** In front of the last function, which is the one that would choose among the nodes that are left. */
function withSessionId(cascade: readonly string[]): readonly string[] {
  return cascade.includes('bySessionId')
    ? cascade
    : [...cascade.slice(0, -1), 'bySessionId', ...cascade.slice(-1)]
}
