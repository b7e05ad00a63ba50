// Carries out an accepted CONFIG: balancer, node and contexts (mcmp.md 2.2, 2.3, decisions 28, 30 to 36). Called by the
// registry.

import type { ConfigMessage } from '../../wire/mcmp/message.ts'
import { type McmpProblem, problem } from '../../wire/mcmp/problem.ts'
import { isSameBalancer } from '../balancer.ts'
import type { Context } from '../context.ts'
import { isForwardable, type Node, type NodeSettings } from '../node.ts'
import type { Snapshot } from '../snapshot.ts'
import { afterConfig, putContexts, type Room } from './contexts.ts'
import type { RegistryLimits } from './facts.ts'
import { balancerOf } from './identity.ts'
import { Slots } from './slots.ts'
import type { Steps } from './steps.ts'

/** The problem when a table is full, checked before anything is changed. */
export function fullTable(
  snapshot: Snapshot,
  config: NodeSettings,
  needsRow: boolean,
  limits: RegistryLimits,
): McmpProblem | undefined {
  const { route } = config
  if (needsRow && snapshot.nodes.size >= limits.nodesMax)
    return problem('MEM', `MEM: Can't update or insert node with "${route}" JVMRoute`)
  const isNew = !snapshot.balancers.has(config.balancer)
  if (
    isNew &&
    snapshot.balancers.size >= limits.balancersMax &&
    idleBalancer(snapshot, route) === undefined
  )
    return problem('MEM', `MEM: Can't update or insert balancer for node with "${route}" JVMRoute`)
  return undefined
}

/** A CONFIG replaces all settings of its balancer, including those that it leaves at their defaults. */
export function rewriteBalancer(
  steps: Steps,
  message: ConfigMessage,
  node: NodeSettings,
  { balancersMax }: Pick<RegistryLimits, 'balancersMax'>,
): void {
  const old = steps.snapshot.balancers.get(node.balancer)
  if (old === undefined && steps.snapshot.balancers.size >= balancersMax) {
    const idle = idleBalancer(steps.snapshot, node.route)
    if (idle !== undefined) steps.apply({ kind: 'balancer-gone', name: idle })
  }
  const next = balancerOf(message, node.balancer, old?.slot ?? freeBalancerSlot(steps.snapshot))
  if (old !== undefined && isSameBalancer(old, next)) return
  steps.apply({ kind: 'balancer', balancer: next })
  if (old === undefined) return
  const others = [...steps.snapshot.nodes.unordered()].filter(
    (other) =>
      other.balancer === node.balancer && other.route !== node.route && other.removal === 'none',
  )
  if (others.length > 0)
    steps.warnings.push(
      `CONFIG of ${node.route} changes balancer ${next.name} for ${others.length} other nodes`,
    )
}

/**
 * A balancer that no node has: it stays until its row is needed.
 * @param route of the node that gets another one.
 */
function idleBalancer({ balancers, nodes }: Snapshot, route: string): string | undefined {
  const staying = [...nodes.unordered()].filter(
    (node) => node.removal === 'none' && node.route !== route,
  )
  const used = new Set(staying.map(({ balancer }) => balancer))
  return [...balancers.keys()].find((name) => !used.has(name))
}

/** The lowest row that no balancer has. */
export function freeBalancerSlot({ balancers }: Snapshot): number {
  const taken = new Set([...balancers.values()].map(({ slot }) => slot))
  let slot = 0
  while (taken.has(slot)) slot += 1
  return slot
}

export function warnAboutType(steps: Steps, node: Node): void {
  if (!isForwardable(node))
    steps.warnings.push(`${node.route} has type ${node.type}, to which this build cannot forward`)
}

/** Sets the contexts in a CONFIG to STOPPED, existing ones too (mcmp.md decision 35). */
export function configureContexts(
  steps: Steps,
  message: ConfigMessage,
  id: number,
  room: Room,
): McmpProblem | undefined {
  const before = contextsOf(steps.snapshot, id)
  const put = putContexts(before, message.aliases, message.contexts, 'STOPPED', room)
  const contexts = afterConfig(put.contexts)
  if (contexts.some((row, index) => row !== before[index]))
    steps.apply({ kind: 'contexts', id, contexts })
  const failures = [
    ...put.failedAliases
      .slice(0, failuresToldMax)
      .map(
        (alias) =>
          `MEM: Can't update or insert host alias for node with "${message.route}" JVMRoute (${alias})`,
      ),
    ...put.failedContexts
      .slice(0, failuresToldMax)
      .map(
        ({ alias, path }) =>
          `MEM: Can't update or insert context for node with "${message.route}" JVMRoute (${path} and alias: ${alias})`,
      ),
  ]
  return failures.length === 0 ? undefined : problem('MEM', failures.join(', '))
}

/** More do not fit into a reply. */
const failuresToldMax = 16

export const contextsOf = (snapshot: Snapshot, id: number): readonly Context[] =>
  snapshot.contexts.get(id) ?? []

export function roomIn(
  snapshot: Snapshot,
  limits: Pick<RegistryLimits, 'hostsMax' | 'contextsMax'>,
): Room {
  return {
    hosts: new Slots(snapshot.hostRows, limits.hostsMax),
    contexts: new Slots(snapshot.contextRows, limits.contextsMax),
  }
}

/** The lowest free row of the table of nodes. */
export const freeSlot = ({ nodes }: Snapshot): number => nodes.freeSlot
