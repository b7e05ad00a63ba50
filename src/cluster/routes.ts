// The candidates by path: an index of the snapshot, built once after each change, for the look-ups of the traffic. A request
// uses the same `Routes` from start to end.

import { type ContextStatus, compareStatus } from '../wire/mcmp/context-status.ts'
import type { Balancer } from './balancer.ts'
import { aliasKey, type Context, pathKey } from './context.ts'
import { type ContextLive, contextLive, type LiveTable, type NodeLive } from './live.ts'
import { isForwardable, type Node } from './node.ts'
import { PathMap } from './path-map.ts'
import type { Peer } from './peer.ts'
import type { Snapshot } from './snapshot.ts'

/** A node that serves a path, with its live numbers. */
export interface Candidate {
  readonly node: Node
  readonly live: NodeLive
  /** Live numbers of this path on the node. */
  readonly contextLive: ContextLive
  /** The most enabled status of the path on this node under the aliases that match. */
  readonly status: ContextStatus
  /** The peer with its announcement; `undefined` for a registered node. */
  readonly peer: Peer | undefined
  /** A list of this candidate alone, so that a choice allocates nothing. */
  readonly alone: readonly Candidate[]
}

/** One balancer's candidates for one path, in table order. */
export interface Application {
  /** As `pathKey` returns it. */
  readonly path: string
  readonly balancer: Balancer
  /** The balancer's cookie name as bytes. */
  readonly cookie: Uint8Array
  readonly candidates: readonly Candidate[]
  /** Position in `Routes.applications`: upper floors keep what belongs to an application in an array. */
  readonly index: number
}

export interface RoutesOptions {
  /** A context is found under its own aliases only; false, as in httpd: under any Host. */
  readonly useAlias: boolean
}

/** An application while its routes are built. */
interface Draft extends Application {
  readonly candidates: Candidate[]
}

type Paths = PathMap<Draft[]>

export class Routes {
  readonly #useAlias: boolean
  readonly #anyHost: Paths = new PathMap()
  readonly #byAlias: Map<string, Paths> = new Map()
  #hasWildcards = false
  readonly #nodes: Map<string, Node> = new Map()
  readonly #applications: Application[] = []

  constructor(snapshot: Snapshot, live: LiveTable, options: RoutesOptions) {
    this.#useAlias = options.useAlias
    for (const node of snapshot.nodes.values()) {
      if (node.removal !== 'none') continue
      this.#nodes.set(node.route, node)
      const balancer = snapshot.balancers.get(node.balancer)
      if (balancer === undefined || !isForwardable(node)) continue
      for (const context of snapshot.contexts.get(node.id) ?? []) {
        const path = pathKey(context.path)
        const { candidates } = this.#application(this.#paths(context), path, balancer)
        addCandidate(candidates, candidate(path, node, live.of(node.id), context.status))
      }
    }
  }

  /** All applications, each at its `index`. */
  get applications(): readonly Application[] {
    return this.#applications
  }

  /** The registered node with this route. */
  node(route: string): Node | undefined {
    return this.#nodes.get(route)
  }

  /**
   * The applications of the longest context that contains `path`, one for each balancer that has it. A stopped context is
   * found too: a shorter one does not replace it (mcmp.md 3.1).
   * @param path decoded, without query and parameters.
   * @param host as `hostKey` returns it.
   */
  find(path: string, host: string): readonly Application[] | undefined {
    const paths = this.#useAlias ? this.#under(host) : this.#anyHost
    return paths === undefined ? undefined : paths.find(path)
  }

  /** All paths under this host have the same applications. */
  isRootOnly(host: string): boolean {
    const paths = this.#useAlias ? this.#under(host) : this.#anyHost
    return paths?.size === 1 && paths.get('') !== undefined
  }

  /** The contexts under a host: by its name, else by the longest wildcard. */
  #under(host: string): Paths | undefined {
    const named = this.#byAlias.get(host)
    if (named !== undefined || !this.#hasWildcards || host.length > hostBytesMax) return named
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const found = this.#byAlias.get(`*${host.slice(dot)}`)
      if (found !== undefined) return found
    }
    return this.#byAlias.get('*')
  }

  #application(paths: Paths, path: string, balancer: Balancer): Draft {
    let drafts = paths.get(path)
    if (drafts === undefined) {
      drafts = []
      paths.set(path, drafts)
    }
    let draft = drafts.find((known) => known.balancer === balancer)
    if (draft === undefined) {
      const index = this.#applications.length
      const cookie = Buffer.from(balancer.cookie)
      draft = { path, balancer, cookie, candidates: [], index }
      drafts.push(draft)
      this.#applications.push(draft)
    }
    return draft
  }

  #paths(context: Context): Paths {
    if (!this.#useAlias) return this.#anyHost
    const alias = aliasKey(context.alias)
    if (alias.startsWith('*')) this.#hasWildcards = true
    let paths = this.#byAlias.get(alias)
    if (paths === undefined) {
      paths = new PathMap()
      this.#byAlias.set(alias, paths)
    }
    return paths
  }
}

/** Longest host name [RFC 1035 2.3.4]. */
const hostBytesMax = 255

/** One candidate for each node: the one with the most enabled status of its aliases. */
function addCandidate(candidates: Candidate[], made: Candidate): void {
  const last = candidates.at(-1)
  if (last?.node !== made.node) candidates.push(made)
  else if (compareStatus(made.status, last.status) < 0) candidates[candidates.length - 1] = made
}

function candidate(path: string, node: Node, live: NodeLive, status: ContextStatus): Candidate {
  const alone: Candidate[] = []
  const numbers = contextLive(live, path)
  const made: Candidate = { node, live, contextLive: numbers, status, peer: undefined, alone }
  alone.push(made)
  return made
}
