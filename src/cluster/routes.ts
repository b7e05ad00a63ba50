// The candidates by path: an index of the snapshot for the look-ups of the traffic. A change renews what it touches, and
// the rest is shared with the routes before it. A request uses the same `Routes` from start to end.

import type { Application } from './candidate.ts'
import type { LiveTable } from './live.ts'
import type { Node } from './node.ts'
import { noRoutes, type Paths, RoutesDraft, type RoutesParts } from './routes-draft.ts'
import { applyChange, applyChanges, type Change, emptySnapshot, type Snapshot } from './snapshot.ts'

export type { Application, Candidate } from './candidate.ts'

interface RoutesOptions {
  /** A context is found under its own aliases only; false, as in httpd: under any Host. */
  readonly useAlias: boolean
}

export class Routes {
  /** The snapshot of which these are the routes. */
  readonly snapshot: Snapshot
  readonly #parts: RoutesParts
  /** The contexts under any host, when aliases do not matter. */
  readonly #anyHost: Paths | undefined

  private constructor(snapshot: Snapshot, parts: RoutesParts) {
    const { useAlias, byAlias, wildcards, nodes } = parts
    this.snapshot = snapshot
    this.#parts = { useAlias, byAlias, wildcards, nodes }
    this.#anyHost = useAlias ? undefined : byAlias.get('')
  }

  /** The routes of a whole snapshot. */
  static of(snapshot: Snapshot, live: LiveTable, { useAlias }: RoutesOptions): Routes {
    const draft = new RoutesDraft(noRoutes(useAlias), live)
    draft.addAll(snapshot)
    return new Routes(snapshot, draft)
  }

  /**
   * The routes after changes, in time proportional to the changed parts. The routes before are not searched any more: what
   * no request has found is changed in place.
   * @param live the live numbers after the changes.
   */
  after(changes: readonly Change[], live: LiveTable): Routes {
    let { snapshot } = this
    if (snapshot === emptySnapshot)
      return Routes.of(applyChanges(snapshot, changes), live, this.#parts)
    const draft = new RoutesDraft(this.#parts, live)
    for (const change of changes) {
      const next = applyChange(snapshot, change)
      draft.apply(change, snapshot, next)
      snapshot = next
    }
    return new Routes(snapshot, draft)
  }

  /** The registered node with this route. */
  node(route: string): Node | undefined {
    const node = this.snapshot.nodes.withRoute(route)
    return node?.removal === 'none' ? node : undefined
  }

  /**
   * The applications of the longest context that contains `path`, one for each balancer that has it. A stopped context is
   * found too: a shorter one does not replace it (mcmp.md 3.1).
   * @param path decoded, without query and parameters.
   * @param host as `hostKey` returns it.
   */
  find(path: string, host: string): readonly Application[] | undefined {
    const paths = this.#anyHost ?? this.#under(host)
    const found = paths?.find(path)
    if (found === undefined) return undefined
    for (let at = 0; at < found.length; at++) (found[at] as Application).isFound = true
    return found
  }

  /** The application of this balancer, with its longest context that contains `path`. */
  findIn(balancer: string, path: string, host: string): Application | undefined {
    const paths = this.#anyHost ?? this.#under(host)
    const found = paths?.findPart(path, (applications) =>
      applications.find((application) => application.balancer.name === balancer),
    )
    if (found !== undefined) found.isFound = true
    return found
  }

  /** All paths under this host have the same applications. */
  isRootOnly(host: string): boolean {
    const paths = this.#anyHost ?? this.#under(host)
    return paths?.size === 1 && paths.get('') !== undefined
  }

  /** The contexts under a host: by its name, else by the longest wildcard. */
  #under(host: string): Paths | undefined {
    const { byAlias, wildcards } = this.#parts
    const named = byAlias.get(host)
    if (named !== undefined || wildcards === 0 || host.length > hostBytesMax) return named
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const found = byAlias.get(`*${host.slice(dot)}`)
      if (found !== undefined) return found
    }
    return byAlias.get('*')
  }
}

/** Longest host name [RFC 1035 2.3.4]. */
const hostBytesMax = 255
