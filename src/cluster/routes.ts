// Which nodes may serve a path: the snapshot turned round, once per change, for the look-ups of the
// traffic. A request keeps the `Routes` it began with to its end.

import type { Balancer } from './balancer.ts'
import { type Context, type ContextStatus, pathKey } from './context.ts'
import { type ContextLive, contextLive, type LiveTable, type NodeLive } from './live.ts'
import { isForwardable, type Node } from './node.ts'
import type { Peer } from './peer.ts'
import type { Snapshot } from './snapshot.ts'

/** A node that serves a path, with its live numbers. */
export interface Candidate {
  readonly node: Node
  readonly live: NodeLive
  /** The numbers of this path on the node. */
  readonly contextLive: ContextLive
  /** The most enabled status of the path on this node under the aliases that match. */
  readonly status: ContextStatus
  /** What it announces, when it is a peer; `undefined` for a registered node. */
  readonly peer: Peer | undefined
  /** This candidate as a list, so that choosing one allocates nothing. */
  readonly alone: readonly Candidate[]
}

/** One balancer's candidates for one path, in table order. */
export interface Application {
  readonly path: string
  readonly balancer: Balancer
  /** The balancer's cookie name as bytes. */
  readonly cookie: Uint8Array
  readonly candidates: readonly Candidate[]
  /** What `RoutesOptions.cascadeOf` says about the path. */
  readonly cascade: number
}

export interface RoutesOptions {
  /** A context answers under its own aliases only. Default false, as in httpd: under any Host. */
  readonly useAlias: boolean
  /**
   * Asked once for each application: the number of the cascade that holds for its path and all below, or -1
   * when it is not one for all of them. Default 0.
   */
  readonly cascadeOf?: (path: string) => number
}

type Paths = Map<string, Application[]>

export class Routes {
  readonly #useAlias: boolean
  readonly #anyHost: Paths = new Map()
  readonly #byAlias: Map<string, Paths> = new Map()
  readonly #depthMax: number
  readonly #nodes: Map<string, Node> = new Map()
  readonly #cascadeOf: (path: string) => number

  constructor(snapshot: Snapshot, live: LiveTable, options: RoutesOptions) {
    this.#useAlias = options.useAlias
    this.#cascadeOf = options.cascadeOf ?? (() => 0)
    let depth = 0
    for (const node of snapshot.nodes.values()) {
      if (node.removal !== 'none') continue
      this.#nodes.set(node.route, node)
      const balancer = snapshot.balancers.get(node.balancer)
      if (balancer === undefined || !isForwardable(node)) continue
      for (const context of snapshot.contexts.get(node.id) ?? []) {
        const path = pathKey(context.path)
        depth = Math.max(depth, path.split('/').length)
        const made = candidate(path, node, live.of(node.id), context.status)
        this.#add(this.#paths(context), path, balancer, made)
      }
    }
    this.#depthMax = depth
  }

  /** The registered node with this route. */
  node(route: string): Node | undefined {
    return this.#nodes.get(route)
  }

  /**
   * The applications of the longest context that `path` lies in, one for each balancer that has it.
   * The status is not looked at: a shorter context never stands in for a stopped one (mcmp.md 3.1).
   * @param path decoded, without query and parameters.
   * @param host without port, in lower case.
   */
  find(path: string, host: string): readonly Application[] | undefined {
    const paths = this.#useAlias ? this.#byAlias.get(host) : this.#anyHost
    if (paths === undefined) return undefined
    let rest = path
    // Nothing is registered deeper than depthMax, so a path of a thousand slashes costs no thousand look-ups.
    if (rest.length > 64) rest = rest.split('/', this.#depthMax + 1).join('/')
    while (rest !== '') {
      const found = paths.get(rest)
      if (found !== undefined) return found
      rest = rest.slice(0, lastSlash(rest))
    }
    return paths.get('')
  }

  /** Every path under this host leads to the same applications. */
  isRootOnly(host: string): boolean {
    const paths = this.#useAlias ? this.#byAlias.get(host) : this.#anyHost
    return paths?.size === 1 && paths.has('')
  }

  #add(paths: Paths, path: string, balancer: Balancer, candidate: Candidate): void {
    const applications = paths.get(path) ?? []
    paths.set(path, applications)
    const at = applications.findIndex((application) => application.balancer === balancer)
    const known = applications[at]
    const application: Application = {
      path,
      balancer,
      cookie: Buffer.from(balancer.cookie),
      candidates: withCandidate(known?.candidates ?? [], candidate),
      cascade: known?.cascade ?? this.#cascadeOf(path),
    }
    if (at < 0) applications.push(application)
    else applications[at] = application
  }

  #paths(context: Context): Paths {
    if (!this.#useAlias) return this.#anyHost
    const alias = context.alias.toLowerCase()
    let paths = this.#byAlias.get(alias)
    if (paths === undefined) {
      paths = new Map()
      this.#byAlias.set(alias, paths)
    }
    return paths
  }
}

/** `lastIndexOf` leaves the compiled code for a call into the engine, at each request. */
function lastSlash(path: string): number {
  let at = path.length - 1
  while (at > 0 && path.charCodeAt(at) !== SLASH) at--
  return Math.max(0, at)
}

const SLASH = 0x2f

function withCandidate(
  candidates: readonly Candidate[],
  candidate: Candidate,
): readonly Candidate[] {
  const last = candidates.at(-1)
  if (last?.node !== candidate.node) return [...candidates, candidate]
  if (rank[candidate.status] >= rank[last.status]) return candidates
  return [...candidates.slice(0, -1), candidate]
}

const rank: Readonly<Record<ContextStatus, number>> = { ENABLED: 0, DISABLED: 1, STOPPED: 2 }

function candidate(path: string, node: Node, live: NodeLive, status: ContextStatus): Candidate {
  const alone: Candidate[] = []
  const numbers = contextLive(live, path)
  const made: Candidate = { node, live, contextLive: numbers, status, peer: undefined, alone }
  alone.push(made)
  return made
}
