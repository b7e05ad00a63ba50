// The cluster as other proxies can serve it (Envoy, HAProxy): for each application the nodes with a state, a weight and a
// tier. Pure; made anew from the snapshot and the live numbers after each change.

import { type ContextStatus, compareStatus } from '../wire/mcmp/context-status.ts'
import type { Balancer } from './balancer.ts'
import { aliasKey, type Context, isMatchable, pathKey } from './context.ts'
import { isEjectedAnywhere, type LiveTable, type NodeLive } from './live.ts'
import { isForwardable, type Node } from './node.ts'
import type { Snapshot } from './snapshot.ts'

export interface ServedNode {
  readonly node: Node
  /** `on`: all requests; `off`: those of its own sessions. */
  readonly state: 'on' | 'off'
  /** Share of the new requests, 1..100. */
  readonly weight: number
  /** Gets new requests only while no other node is `on`. */
  readonly isStandby: boolean
}

export interface ServedApplication {
  readonly balancer: Balancer
  /** As `pathKey` returns it: '' for the root. */
  readonly path: string
  /** As `aliasKey` returns it; '*': every host. */
  readonly alias: string
  /** In table order. Nodes that must not get any request are left out. */
  readonly nodes: readonly ServedNode[]
}

/** Of a node whose load factor is not known yet: neither a standby nor preferred. */
const unknownFactor = 50

/** @param useAlias whether contexts are found under their own aliases only. */
export function servedApplications(
  snapshot: Snapshot,
  live: LiveTable,
  useAlias: boolean,
): ServedApplication[] {
  const applications = new Map<string, Draft>()
  for (const node of snapshot.nodes.values()) {
    const balancer = snapshot.balancers.get(node.balancer)
    if (balancer === undefined || node.removal !== 'none' || !isForwardable(node)) continue
    for (const [alias, path, status] of placesOf(snapshot.contexts.get(node.id) ?? [], useAlias)) {
      const key = `${balancer.name} ${alias} ${path}`
      let draft = applications.get(key)
      if (draft === undefined) {
        draft = { balancer, path, alias, members: [] }
        applications.set(key, draft)
      }
      if (status !== 'STOPPED') draft.members.push({ node, status })
    }
  }
  return [...applications.values()].map(({ members, ...rest }) => ({
    ...rest,
    nodes: servedNodes(members, snapshot, live),
  }))
}

interface Member {
  readonly node: Node
  readonly status: ContextStatus
}

interface Draft extends Omit<ServedApplication, 'nodes'> {
  readonly members: Member[]
}

/** The most enabled status of each alias and path of a node. */
function placesOf(
  contexts: readonly Context[],
  useAlias: boolean,
): Iterable<readonly [alias: string, path: string, status: ContextStatus]> {
  if (contexts.length === 1) {
    const [{ alias, path, status }] = contexts as readonly [Context]
    if (useAlias && !isMatchable(alias)) return []
    return [[useAlias ? aliasKey(alias) : '*', pathKey(path), status]]
  }
  const places = new Map<string, [string, string, ContextStatus]>()
  for (const context of contexts) {
    if (useAlias && !isMatchable(context.alias)) continue
    const alias = useAlias ? aliasKey(context.alias) : '*'
    const path = pathKey(context.path)
    const key = `${alias} ${path}`
    const place = places.get(key)
    if (place === undefined) places.set(key, [alias, path, context.status])
    else if (compareStatus(context.status, place[2]) < 0) place[2] = context.status
  }
  return places.values()
}

/** Nodes that are down are left out, unless these are more than half: then the fault is likely here, and all stay in. */
function servedNodes(
  members: readonly Member[],
  snapshot: Snapshot,
  live: LiveTable,
): readonly ServedNode[] {
  const isDown = ({ node }: Member): boolean => live.of(node.id).health.kind === 'down'
  const down = members.filter(isDown).length
  const isPanic = down * 2 > members.length
  const left = down === 0 || isPanic ? members : members.filter((member) => !isDown(member))
  return left.map(({ node, status }) => servedNode(node, status, snapshot, live.of(node.id)))
}

function servedNode(
  node: Node,
  status: ContextStatus,
  { orders }: Snapshot,
  live: NodeLive,
): ServedNode {
  const factor = live.loadFactor ?? node.own?.weight ?? unknownFactor
  const ordered = orders.get(node.route)?.weight ?? 100
  // A node that reports -1, or was ejected for errors, keeps its own sessions (mcmp.md decision 54).
  const isOff = status === 'DISABLED' || factor === -1 || isEjectedAnywhere(live)
  return {
    node,
    state: isOff ? 'off' : 'on',
    weight: Math.min(100, Math.max(1, Math.round((factor * ordered) / 100))),
    isStandby: factor === 0 || live.silent || node.own?.backup === true,
  }
}
