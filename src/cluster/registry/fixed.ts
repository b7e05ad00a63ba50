// Nodes of the configuration (`--to`, or `to` in the file): registered without a message and not removed by one. They report
// no load: their load factor is their weight, by default 100. Called by the registry.

import { type OptionForms, requireForms } from '../../base/option-forms.ts'
import type { ContextStatus } from '../../wire/mcmp/context-status.ts'
import type { ConfigMessage } from '../../wire/mcmp/message.ts'
import { aliasKey, type Context, ownStatusOf, pathKey } from '../context.ts'
import type { Node, NodeSettings } from '../node.ts'
import type { OwnSettings } from '../own-settings.ts'
import { type Change, emptySnapshot, findNode } from '../snapshot.ts'
import { putContexts, withStatus } from './contexts.ts'
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
  /** Whether its contexts are DISABLED, or ENABLED. Default: new ones are ENABLED, others as they are. */
  readonly draining?: boolean
}

const forms: OptionForms = {
  route: 'text',
  host: 'text',
  port: 'number',
  type: 'text',
  balancer: 'text',
  domain: 'text',
  aliases: 'texts',
  contexts: 'texts',
  own: 'any',
  draining: 'boolean',
} satisfies Record<keyof FixedNode, OptionForms[string]>

/** @throws TopspinError BAD_OPTION for a key that a fixed node does not have, and for values of another type. */
export const checkFixed = (node: FixedNode): void =>
  requireForms(node, forms, "{ route: 'a', host: '127.0.0.1', port: 3001 }", `${node.route}: `)

/**
 * Further attempts for requests to fixed nodes, which send no Maxattempts: enough for a request to survive the failure of
 * two nodes in a row. The retry budget limits retries during an outage.
 */
const fixedMaxAttempts = 3

const unlimited = { hostsMax: Number.POSITIVE_INFINITY, contextsMax: Number.POSITIVE_INFINITY }

/**
 * The changes that register the first nodes of all, thousands at a start, which are put in together.
 * @param nodes of different routes.
 */
export function firstFixed(
  nodes: readonly FixedNode[],
  defaultBalancer: string,
  newId: () => number,
): readonly Change[] {
  const changes: Change[] = []
  const balancers = new Set<string>()
  const room = roomIn(emptySnapshot, unlimited)
  for (const [slot, fixed] of nodes.entries()) {
    const message = messageOf(fixed, defaultBalancer)
    const config = nodeSettingsOf(message, defaultBalancer)
    const node = nodeOf(fixed, config, newId(), slot)
    if (!balancers.has(node.balancer)) {
      const balancer = balancerOf(message, node.balancer, balancers.size)
      changes.push({ kind: 'balancer', balancer })
      balancers.add(node.balancer)
    }
    const { aliases, contexts: paths } = message
    const { contexts } = putContexts([], aliases, paths, statusOf(fixed), room)
    changes.push({ kind: 'node', node }, { kind: 'contexts', id: node.id, contexts })
    if (fixed.own === undefined) changes.push({ kind: 'load', id: node.id, factor: 100 })
  }
  return changes
}

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
  const message = messageOf(fixed, defaultBalancer)
  const { aliases } = message
  const config = nodeSettingsOf(message, defaultBalancer)
  const old = findNode(steps.snapshot, fixed.route)
  // One that the configuration had dropped begins anew: what is known of its health may come from other settings.
  const same = old?.removal === 'none' && sameWorker(old, config)
  const before = old === undefined ? [] : contextsOf(steps.snapshot, old.id)
  const carried = before.filter(isAmong(aliases, message.contexts))
  // The limits of the tables do not apply to the configuration.
  const room = roomIn(steps.snapshot, unlimited)
  if (old !== undefined && !same) steps.apply({ kind: 'gone', id: old.id })
  const slot = old?.slot ?? freeSlot(steps.snapshot)
  const node = nodeOf(fixed, config, same ? old.id : newId(), slot)
  const { balancers } = steps.snapshot
  if (!balancers.has(node.balancer))
    steps.apply({
      kind: 'balancer',
      balancer: balancerOf(message, node.balancer, freeBalancerSlot(steps.snapshot)),
    })
  // An operator's order stays, and so does a status of which the source says nothing.
  const status = statusOf(fixed)
  const isKept = (row: Context): boolean =>
    fixed.draining === undefined || ownStatusOf(row) === status
  const { contexts } = putContexts(carried, aliases, message.contexts, status, room, (row) =>
    isKept(row) ? row : withStatus(row, status, false),
  )
  if (!isSame(node, old)) steps.apply({ kind: 'node', node })
  if (!isSame(contexts, same ? before : undefined))
    steps.apply({ kind: 'contexts', id: node.id, contexts })
  if (fixed.own === undefined) steps.apply({ kind: 'load', id: node.id, factor: 100 })
}

const statusOf = ({ draining }: FixedNode): ContextStatus =>
  draining === true ? 'DISABLED' : 'ENABLED'

const messageOf = (fixed: FixedNode, defaultBalancer: string): ConfigMessage => ({
  method: 'CONFIG',
  route: fixed.route,
  host: fixed.host,
  port: fixed.port,
  type: fixed.type ?? 'http',
  balancer: fixed.balancer ?? defaultBalancer,
  domain: fixed.domain ?? '',
  stickySessionForce: false,
  maxAttempts: fixedMaxAttempts,
  aliases: fixed.aliases ?? ['localhost'],
  contexts: fixed.contexts ?? ['/'],
})

function nodeOf({ own }: FixedNode, config: NodeSettings, id: number, slot: number): Node {
  const node: Node = { ...config, id, slot, removal: 'none', fixed: true }
  return own === undefined ? node : { ...node, own }
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
