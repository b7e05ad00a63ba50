// Nodes of the configuration (`--to`, or `to` in the file): registered without a message and not removed by one. They report
// no load: their load factor is their weight, by default 100. Called by the registry.

import type { ConfigMessage } from '../../wire/mcmp/message.ts'
import { aliasKey, type Context, pathKey } from '../context.ts'
import type { Node } from '../node.ts'
import type { OwnSettings } from '../own-settings.ts'
import { findNode } from '../snapshot.ts'
import { putContexts } from './contexts.ts'
import { balancerOf, nodeSettingsOf, sameWorker } from './identity.ts'
import { contextsOf, freeBalancerSlot, freeSlot, roomIn } from './register.ts'
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
  /** Default: none, and the load factor is 100. */
  readonly own?: OwnSettings
}

/**
 * Further attempts for requests to fixed nodes, which send no Maxattempts: enough for a request to survive the failure of
 * two nodes in a row. The retry budget limits retries during an outage.
 */
const fixedMaxAttempts = 3

const unlimited = { hostsMax: Number.POSITIVE_INFINITY, contextsMax: Number.POSITIVE_INFINITY }

/**
 * Registers a fixed node. Replaces the node of its route, unless that is the same worker. Its contexts are those of the
 * configuration, with the status that they have.
 */
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
  // One that the configuration had dropped begins anew: what is known of its health may come from other settings.
  const same = old?.removal === 'none' && sameWorker(old, config)
  const before = old === undefined ? [] : contextsOf(steps.snapshot, old.id)
  const carried = before.filter(isAmong(aliases, message.contexts))
  // The limits of the tables do not apply to the configuration.
  const room = roomIn(steps.snapshot, unlimited)
  if (old !== undefined && !same) steps.apply({ kind: 'gone', id: old.id })
  const node: Node = {
    ...config,
    id: same ? old.id : newId(),
    slot: old?.slot ?? freeSlot(steps.snapshot),
    removal: 'none',
    fixed: true,
    ...(fixed.own === undefined ? {} : { own: fixed.own }),
  }
  const { balancers } = steps.snapshot
  if (!balancers.has(node.balancer))
    steps.apply({
      kind: 'balancer',
      balancer: balancerOf(message, node.balancer, freeBalancerSlot(steps.snapshot)),
    })
  // A status that was set before stays, and so does an operator's order.
  const { contexts } = putContexts(
    carried,
    aliases,
    message.contexts,
    'ENABLED',
    room,
    (row) => row,
  )
  if (!isSame(node, old)) steps.apply({ kind: 'node', node })
  if (!isSame(contexts, same ? before : undefined))
    steps.apply({ kind: 'contexts', id: node.id, contexts })
  if (fixed.own === undefined) steps.apply({ kind: 'load', id: node.id, factor: 100 })
}

function isAmong(
  aliases: readonly string[],
  paths: readonly string[],
): (context: Context) => boolean {
  const places = new Set(aliases.flatMap((alias) => paths.map((path) => placeKey(alias, path))))
  return ({ alias, path }) => places.has(placeKey(alias, path))
}

const placeKey = (alias: string, path: string): string => `${aliasKey(alias)} ${pathKey(path)}`

/** Most nodes are the same after a reload or a new list of a source. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
