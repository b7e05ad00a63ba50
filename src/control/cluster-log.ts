// Lines of the log about changes of the cluster, with who caused them: nodes that join, move and leave, and contexts
// whose status changes. Used by record.ts for messages and checks, by server/served-cluster.ts for the configuration.

import type { Clock } from '../base/clock.ts'
import { hostPortText } from '../base/host-port.ts'
import { logLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { throttled } from '../base/throttled-log.ts'
import type { Context } from '../cluster/context.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { Node } from '../cluster/node.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'

/** Who caused a change. */
export interface Cause {
  /** `node`: a message of the node itself; `proxy`: the proxy's own checks. */
  readonly by: 'node' | 'operator' | 'configuration' | 'proxy' | 'other proxy'
  /** Name of the other proxy. */
  readonly proxy?: string
  /** Address of the sender of the message. */
  readonly from?: string
}

/** Paths in one line; a message may name hundreds. */
const pathsMax = 16

const events = {
  ENABLED: 'context enabled',
  DISABLED: 'context disabled',
  STOPPED: 'context stopped',
  REMOVED: 'context removed',
} as const

/** What a node enables while an order of an operator stands against it. */
const heldEvents = {
  DISABLED: 'context stays disabled by order',
  STOPPED: 'context stays stopped by order',
} as const

export class ClusterLog {
  readonly #log: Logger
  readonly #clock: Clock
  /** By route; a node that changes again and again fills no log. */
  readonly #logs: Map<string, Logger> = new Map()

  constructor(log: Logger, clock: Clock) {
    this.#log = throttled(log, clock, logLimits.allNodesLinesMax)
    this.#clock = clock
  }

  /** @param before, after the snapshots around these changes. */
  report(before: Snapshot, after: Snapshot, changes: readonly Change[], cause: Cause): void {
    for (const id of nodesIn(changes)) {
      const [was, is] = [presentNode(before, id), presentNode(after, id)]
      const node = is ?? was
      if (node === undefined) continue
      const line = (message: string, detail: object = {}): void =>
        this.#logOf(node.route).info({ route: node.route, ...detail, ...cause }, message)
      if (is === undefined) {
        // A node with the same route in its place has joined.
        const isReplaced = after.nodes.withRoute(node.route)?.removal === 'none'
        if (!isReplaced) line(cause.by === 'node' ? 'node left' : 'node removed')
        continue
      }
      if (was === undefined) line('node joined', placeOf(is))
      else if (addressOf(was) !== addressOf(is)) line('node moved', placeOf(is))
      const ejection = ejectionOf(before, after, node.route)
      if (ejection !== undefined) line(ejection)
      // An ejection stops every context, which says no more; what is not enabled after its end has another reason.
      if (ejection === 'node ejected by order') continue
      for (const [event, paths] of changedContexts(before, after, id, cause))
        if (ejection === undefined || event !== events.ENABLED) line(event, pathFields([...paths]))
    }
  }

  /** Nodes that begin or end to report that they are broken. @param live before the changes. */
  reportLoads({ nodes }: Snapshot, live: LiveTable, changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind !== 'load') continue
      const isBroken = change.factor === -1
      const node = nodes.get(change.id)
      if (node === undefined || isBroken === (live.of(change.id).loadFactor === -1)) continue
      const message = isBroken ? 'node reports that it is broken' : 'node is no longer broken'
      this.#logOf(node.route).info({ route: node.route, by: 'node' }, message)
    }
  }

  #logOf(route: string): Logger {
    let log = this.#logs.get(route)
    if (log === undefined) {
      if (this.#logs.size >= logLimits.nodeLogsMax) this.#logs.clear()
      log = throttled(this.#log, this.#clock, logLimits.nodeLinesMax)
      this.#logs.set(route, log)
    }
    return log
  }
}

function nodesIn(changes: readonly Change[]): ReadonlySet<number> {
  const ids = new Set<number>()
  for (const change of changes) {
    if (change.kind === 'node') ids.add(change.node.id)
    else if (change.kind === 'contexts' || change.kind === 'gone') ids.add(change.id)
  }
  return ids
}

function presentNode(snapshot: Snapshot, id: number): Node | undefined {
  const node = snapshot.nodes.get(id)
  return node?.removal === 'none' ? node : undefined
}

const addressOf = (node: Node): string => `${node.type}://${hostPortText(node)}`

const placeOf = (node: Node): object => ({
  address: addressOf(node),
  balancer: node.balancer,
  ...(node.domain === '' ? {} : { domain: node.domain }),
})

/** Whether an operator has begun or ended to eject the node. */
function ejectionOf(
  before: Snapshot,
  after: Snapshot,
  route: string,
): 'node ejected by order' | 'node readmitted' | undefined {
  const [was, is] = [before, after].map(({ orders }) => orders.get(route)?.ejected === true)
  if (was === is) return undefined
  return is === true ? 'node ejected by order' : 'node readmitted'
}

/** The paths with a new status, by event. */
function changedContexts(
  before: Snapshot,
  after: Snapshot,
  id: number,
  { by }: Cause,
): ReadonlyMap<string, ReadonlySet<string>> {
  const [was, is] = [statusesOf(before, id), statusesOf(after, id)]
  const changed = new Map<string, Set<string>>()
  const add = (event: string, path: string): void => {
    changed.set(event, (changed.get(event) ?? new Set()).add(path))
  }
  for (const [key, { status, own = status, path }] of is) {
    if (was.get(key)?.status === status) continue
    const isHeld = by === 'node' && own !== status && status !== 'ENABLED'
    add(isHeld ? heldEvents[status] : events[status], path)
  }
  for (const [key, { path }] of was) if (!is.has(key)) add(events.REMOVED, path)
  return changed
}

/** By alias and path. */
function statusesOf({ contexts }: Snapshot, id: number): ReadonlyMap<string, Context> {
  return new Map((contexts.get(id) ?? []).map((row) => [`${row.alias} ${row.path}`, row]))
}

const pathFields = (paths: readonly string[]): object =>
  paths.length <= pathsMax
    ? { contexts: paths }
    : { contexts: paths.slice(0, pathsMax), more: paths.length - pathsMax }
