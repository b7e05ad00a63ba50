// Nodes that the configuration names (`--to`, or `to` in the file): registered without a message, never
// removed by one, and taken for idle since they report no load. Called by the registry.

import type { ConfigMessage } from '../../wire/mcmp/message.ts'
import type { Node } from '../node.ts'
import { findNode } from '../snapshot.ts'
import { putContexts } from './contexts.ts'
import { balancerOf, nodeSettingsOf, sameWorker } from './identity.ts'
import { contextsOf, freeSlot, roomIn } from './register.ts'
import type { Steps } from './steps.ts'

export interface FixedNode {
  readonly route: string
  readonly host: string
  readonly port: number
  /** Default `http`. */
  readonly type?: string
  /** Default: the registry's default balancer. */
  readonly balancer?: string
  readonly domain?: string
  /** Default `localhost`. */
  readonly aliases?: readonly string[]
  /** Default `/`. */
  readonly contexts?: readonly string[]
}

/**
 * Fixed nodes do not say how often a request may be tried again: so often that it outlives two nodes that die
 * under it one after the other. The retry budget bounds what an outage makes of that.
 */
const fixedMaxAttempts = 3

const unlimited = { hostsMax: Number.POSITIVE_INFINITY, contextsMax: Number.POSITIVE_INFINITY }

/** Replaces whatever holds the route, unless it is the same worker already. */
export function fixedSteps(
  steps: Steps,
  fixed: FixedNode,
  defaultBalancer: string,
  newId: () => number,
): void {
  const aliases = fixed.aliases ?? ['localhost']
  const message: ConfigMessage = {
    method: 'CONFIG',
    route: fixed.route,
    host: fixed.host,
    port: fixed.port,
    type: fixed.type ?? 'http',
    balancer: fixed.balancer ?? defaultBalancer,
    domain: fixed.domain ?? '',
    stickySessionForce: false,
    maxAttempts: fixedMaxAttempts,
    aliases,
    contexts: fixed.contexts ?? ['/'],
  }
  const config = nodeSettingsOf(message, defaultBalancer)
  const old = findNode(steps.snapshot, fixed.route)
  const same = old !== undefined && sameWorker(old, config)
  const carried = old === undefined ? [] : contextsOf(steps.snapshot, old.id)
  // What the configuration names has room, whatever the limits of the tables are.
  const room = roomIn(steps.snapshot, unlimited)
  if (old !== undefined && !same) steps.apply({ kind: 'gone', id: old.id })
  const node: Node = {
    ...config,
    id: same ? old.id : newId(),
    slot: old?.slot ?? freeSlot(steps.snapshot),
    removal: 'none',
    fixed: true,
  }
  const { balancers } = steps.snapshot
  if (!balancers.has(node.balancer))
    steps.apply({ kind: 'balancer', balancer: balancerOf(message, node.balancer, balancers.size) })
  const added = putContexts(carried, aliases, message.contexts, 'ENABLED', room)
  const statuses = new Map(carried.map(({ slot, status }) => [slot, status]))
  steps.apply(
    { kind: 'node', node },
    // A status that was set stays.
    {
      kind: 'contexts',
      id: node.id,
      contexts: added.contexts.map((row) => ({
        ...row,
        status: statuses.get(row.slot) ?? row.status,
      })),
    },
    { kind: 'load', id: node.id, factor: 100 },
  )
}
