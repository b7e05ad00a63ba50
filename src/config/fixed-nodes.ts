// The fixed nodes that follow from `to` in the configuration. Pure; used by the checks of the configuration and by the
// server.

import { hostPortText, type NodeAddress } from '../base/host-port.ts'
import { fixedLimits } from '../base/limits.ts'
import { checkOf } from '../cluster/health-check.ts'
import type { HealthRule } from '../cluster/health-rule.ts'
import type { FixedNode } from '../cluster/registry/fixed.ts'
import type { NodeEntry, NodeTlsFiles, PlacedNode } from './node-entry.ts'

/** Keys that concern the fixed nodes beside `to`. */
interface Around {
  readonly health: { readonly checks: readonly HealthRule[] }
  readonly useAlias: boolean
}

const routeCharactersMax = 63

/** Name of the balancer of nodes that name none. */
export const defaultBalancer = 'mycluster'

/** The nodes whose addresses are in the configuration. */
export const placedIn = (entries: readonly NodeEntry[]): readonly PlacedNode[] =>
  entries.flatMap((entry) =>
    entry.address === undefined
      ? []
      : { ...entry, address: entry.address, source: '', serverName: '' },
  )

/** @param places the nodes of all entries together. @returns in their order. */
export function fixedNodesOf(
  places: readonly PlacedNode[],
  { health, useAlias }: Around,
): readonly FixedNode[] {
  const heaviest = heaviestOf(places)
  return places.map((entry) => {
    const { address, timeouts, source, serverName } = entry
    const balancer = entry.balancer ?? defaultBalancer
    const { host, port } = address
    const identity = { route: routeOf(entry), host, port, type: typeOf(address), balancer }
    const rules = entry.health === undefined ? health.checks : [entry.health]
    const own = {
      source,
      backup: entry.backup,
      weight: (100 * entry.weight) / (heaviest.get(balancer) ?? entry.weight),
      maxConnections: entry.maxConnections ?? 0,
      queueMax:
        entry.queue?.max ?? (entry.maxConnections === undefined ? 0 : fixedLimits.queueDefault),
      queueMs: entry.queue?.timeout ?? fixedLimits.queueMs,
      slowStartMs: entry.slowStart,
      tls: entry.tls === undefined ? '' : tlsName(entry.tls),
      serverName,
      connectMs: timeouts.connect ?? 0,
      headMs: timeouts.responseHead ?? 0,
      bodyMs: timeouts.responseBody ?? 0,
      awaitsCheck: checkOf(rules, identity).probe !== 'none',
    }
    return {
      ...identity,
      domain: entry.domain ?? '',
      aliases: entry.aliases ?? [useAlias ? '*' : 'localhost'],
      contexts: entry.contexts,
      ...(entry.draining === undefined ? {} : { draining: entry.draining }),
      own: entry.health === undefined ? own : { ...own, health: entry.health },
    }
  })
}

function typeOf({ tls, http2 }: NodeAddress): string {
  if (http2 === true) return tls === true ? 'h2' : 'h2c'
  return tls === true ? 'https' : 'http'
}

/** Entries with the same settings share their certificates and sessions. */
export const tlsName = (files: NodeTlsFiles): string => JSON.stringify(files)

/** The greatest weight by balancer, which is a load factor of 100. */
function heaviestOf(places: readonly PlacedNode[]): ReadonlyMap<string, number> {
  const heaviest = new Map<string, number>()
  for (const { balancer = defaultBalancer, weight } of places)
    heaviest.set(balancer, Math.max(weight, heaviest.get(balancer) ?? 0))
  return heaviest
}

/** From its address, so that sessions find the node again after a restart. */
export function routeOf({
  address,
  route,
  routePrefix,
}: Pick<PlacedNode, 'address' | 'route' | 'routePrefix'>): string {
  if (route !== undefined) return route
  const name = hostPortText(address)
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
  return (routePrefix === undefined ? name : `${routePrefix}-${name}`).slice(-routeCharactersMax)
}
