// ENABLE-, DISABLE-, STOP- and REMOVE-APP on a node's contexts (mcmp.md 2.3, decisions 38, 42 to 44). Called by the registry,
// which handles REMOVE-APP of a whole node itself.

import { statusAfter } from '../../wire/mcmp/context-status.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import { appReply, emptyReply, type Reply, stopReply } from '../../wire/mcmp/reply.ts'
import { isMatchable } from '../context.ts'
import { inFlightOn } from '../live.ts'
import type { Node } from '../node.ts'
import { putContexts, removeContexts, withStatus } from './contexts.ts'
import type { Facts, RegistryLimits } from './facts.ts'
import type { PathOwners } from './path-owners.ts'
import { contextsOf, roomIn } from './register.ts'
import type { Steps } from './steps.ts'

/** Sets the status of all contexts of the node. */
export function commandNode(
  steps: Steps,
  method: Exclude<AppMethod, 'REMOVE-APP'>,
  node: Node,
  fromJavaNode: boolean,
): Reply {
  const before = contextsOf(steps.snapshot, node.id)
  const contexts = before.map((row) => withStatus(row, statusAfter[method], fromJavaNode))
  if (contexts.length > 0) steps.apply({ kind: 'contexts', id: node.id, contexts })
  return emptyReply
}

/**
 * Sets the status of the named contexts and creates missing ones, or removes them.
 * @param isOrder an operator sends it, so contexts that exist keep their own status; their orders are set elsewhere.
 */
export function commandContexts(
  steps: Steps,
  message: AppMessage,
  node: Node,
  facts: Facts,
  limits: RegistryLimits,
  owners: PathOwners,
  isOrder: boolean,
): Reply {
  const { method, route, aliases, contexts: paths, fromJavaNode = false } = message
  const before = contextsOf(steps.snapshot, node.id)
  if (method === 'REMOVE-APP') {
    const removed = removeContexts(before, aliases, paths)
    steps.apply({ kind: 'contexts', id: node.id, contexts: removed.contexts })
    return appReply(method, route, removed.touched)
  }
  const status = statusAfter[method]
  const room = roomIn(steps.snapshot, limits)
  const put = putContexts(before, aliases, paths, status, room, (row) =>
    isOrder ? row : withStatus(row, status, fromJavaNode),
  )
  steps.apply({ kind: 'contexts', id: node.id, contexts: put.contexts })
  const failed = put.failedAliases.length + put.failedContexts.length
  if (failed > 0)
    steps.warnings.push(`${method} of ${route}: no room for ${failed} aliases or contexts`)
  if (method === 'ENABLE-APP') {
    warnAboutOthers(steps, node, paths, owners)
    const vain = aliases.find((alias) => !isMatchable(alias))
    if (vain !== undefined)
      steps.warnings.push(
        `alias ${vain} of ${route} matches no host: write *.NAME or a whole name, in ASCII (xn--)`,
      )
  }
  if (method === 'STOP-APP')
    return stopReply(route, aliases, paths, inFlightOn(facts.live(node.id), paths))
  return appReply(method, route, put.touched)
}

/** Warns when a path is in two balancers: its requests go to one of them only, so it is mostly a mistake. */
function warnAboutOthers(
  steps: Steps,
  node: Node,
  paths: readonly string[],
  owners: PathOwners,
): void {
  const other = owners.other(paths, node.balancer, steps.snapshot)
  if (other === undefined) return
  const { balancer, route } = other.node
  steps.warnings.push(`${other.path} of ${node.route} is also in balancer ${balancer}, on ${route}`)
}
