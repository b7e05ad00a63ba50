// Decides whether a CONFIG is accepted, given the nodes that have its route or its address (mcmp.md 2.2, decisions 30 to
// 34). Pure; the registry carries out the decision.

import { type McmpProblem, problem } from '../../wire/mcmp/problem.ts'
import type { Node, NodeSettings } from '../node.ts'
import { findNode, type Snapshot } from '../snapshot.ts'
import type { Facts } from './facts.ts'
import { isContinued, rivalOf, sameAddress } from './identity.ts'
import { questionKey } from './questions.ts'
import type { Refusals } from './refusals.ts'

type Admission =
  /** `rival`: the node that had the address under another route; it is removed. */
  | { readonly kind: 'new'; readonly rival?: Node }
  /** The same worker registers again, possibly after it was removed. */
  | { readonly kind: 'update'; readonly node: Node; readonly rival?: Node }
  /** Another worker registers the route. */
  | { readonly kind: 'replace'; readonly node: Node; readonly rival?: Node }
  | McmpProblem

export function admit(
  snapshot: Snapshot,
  config: NodeSettings,
  facts: Facts,
  refusals: Refusals,
): Admission {
  const old = findNode(snapshot, config.route)
  const same = old !== undefined && isContinued(old, config)
  if (same && old.removal === 'none') return { kind: 'update', node: old }
  if (old !== undefined && !same && !yields(old, config, facts, refusals))
    return problem('MEM', `MEM: Node with "${config.route}" JVMRoute already exists`)
  const rival = rivalOf(snapshot, config)
  if (rival !== undefined && !isAbandoned(rival, config, facts, refusals))
    return problem('MEM', 'MEM: Another for the same worker already exist')
  if (config.reversed) return reversedRefused
  const going = rival === undefined ? {} : { rival }
  if (old === undefined) return { kind: 'new', ...going }
  return { kind: same ? 'update' : 'replace', node: old, ...going }
}

/** SYNTAX, since it would fail again unchanged (mcmp.md decision 26). */
const reversedRefused: McmpProblem = problem(
  'SYNTAX',
  'SYNTAX: Reversed is not supported: this proxy connects to its nodes',
)

/** Whether the registered node of a route gives way to a node with another identity. */
function yields(old: Node, config: NodeSettings, facts: Facts, refusals: Refusals): boolean {
  if (old.fixed) return false
  if (old.removal !== 'none') return true
  if (!sameAddress(old, config)) return facts.answers.get(questionKey(old)) === false
  // A probe proves nothing here: the newcomer itself answers at that address. Accepted once it has asked long enough.
  return refusals.ripe(config, facts.now) !== undefined
}

/**
 * Whether the registered node of an address gives way to another route: when nothing answers there, or when the other has
 * asked long enough and the registered node has not reported since. Then its process has restarted with another route.
 */
function isAbandoned(rival: Node, config: NodeSettings, facts: Facts, refusals: Refusals): boolean {
  if (rival.fixed) return false
  if (facts.answers.get(questionKey(rival)) === false) return true
  const ripe = refusals.ripe(config, facts.now)
  return (
    ripe !== undefined && (facts.live(rival.id).statusAt ?? Number.NEGATIVE_INFINITY) < ripe.since
  )
}
