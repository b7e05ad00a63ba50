// Whether a CONFIG may have its route and its address (mcmp.md 2.2, decisions 30 to 34). Pure given the
// facts; the registry then carries it out.

import { type McmpProblem, problem } from '../../wire/mcmp/problem.ts'
import type { Node, NodeSettings } from '../node.ts'
import { findNode, type Snapshot } from '../snapshot.ts'
import type { Facts } from './facts.ts'
import { rivalOf, sameAddress, sameWorker } from './identity.ts'
import { questionKey } from './questions.ts'
import type { Refusals } from './refusals.ts'

export type Admission =
  /** `rival` is the former holder of the address, under another route: it goes. */
  | { readonly kind: 'new'; readonly rival?: Node }
  /** The same worker registers again, perhaps after it was removed. */
  | { readonly kind: 'update'; readonly node: Node; readonly rival?: Node }
  | { readonly kind: 'replace'; readonly node: Node; readonly rival?: Node }
  | McmpProblem

export function admit(
  snapshot: Snapshot,
  config: NodeSettings,
  facts: Facts,
  refusals: Refusals,
): Admission {
  const old = findNode(snapshot, config.route)
  const same = old !== undefined && sameWorker(old, config)
  if (same && old.removal === 'none') return { kind: 'update', node: old }
  if (old !== undefined && !same && !yields(old, config, facts, refusals))
    return problem('MEM', `MEM: Node with "${config.route}" JVMRoute already exists`)
  const rival = rivalOf(snapshot, config)
  if (rival !== undefined && !abandoned(rival, config, facts, refusals))
    return problem('MEM', 'MEM: Another for the same worker already exist')
  if (config.reversed) return reversedRefused
  const going = rival === undefined ? {} : { rival }
  if (old === undefined) return { kind: 'new', ...going }
  return { kind: same ? 'update' : 'replace', node: old, ...going }
}

/** What would fail again unchanged is SYNTAX (decision 26). */
const reversedRefused: McmpProblem = problem(
  'SYNTAX',
  'SYNTAX: Reversed is not supported: this proxy connects to its nodes',
)

/** Does the holder of a route give way to a node with another identity? */
function yields(old: Node, config: NodeSettings, facts: Facts, refusals: Refusals): boolean {
  if (old.fixed) return false
  if (old.removal !== 'none') return true
  if (!sameAddress(old, config)) return facts.answers.get(questionKey(old)) === false
  // At the same address something always answers: believed when it insists.
  return refusals.ripe(config, facts.now) !== undefined
}

/**
 * Does the holder of an address give way to another route? When nobody answers there; or when the other
 * insists and the old one has not reported since: then the process there has come back under a new name.
 */
function abandoned(rival: Node, config: NodeSettings, facts: Facts, refusals: Refusals): boolean {
  if (rival.fixed) return false
  if (facts.answers.get(questionKey(rival)) === false) return true
  const ripe = refusals.ripe(config, facts.now)
  return (
    ripe !== undefined && (facts.live(rival.id).statusAt ?? Number.NEGATIVE_INFINITY) < ripe.since
  )
}
