// Routes while changes are put into them. What a change does not touch is shared with the routes before. Lists of
// candidates that no request has found yet are changed in place: a list of thousands is copied for requests, not for changes.

import { compareStatus } from '../wire/mcmp/context-status.ts'
import type { Balancer } from './balancer.ts'
import {
  type Application,
  type Candidate,
  NodeCandidate,
  newDerived,
  placeOf,
} from './candidate.ts'
import { aliasKey, type Context, pathKey } from './context.ts'
import type { LiveTable } from './live.ts'
import { isForwardable, type Node } from './node.ts'
import { PathMap } from './path-map.ts'
import { PersistentMap } from './persistent-map.ts'
import type { Change, Snapshot } from './snapshot.ts'

/** The applications of a path, one for each balancer that has it, in the order of their first nodes. */
export type Paths = PathMap<readonly Application[]>

export interface RoutesParts {
  readonly useAlias: boolean
  /** By `aliasKey`; under '' when aliases do not matter. */
  readonly byAlias: PersistentMap<string, Paths>
  /** Aliases with a `*`. */
  readonly wildcards: number
  /** Nodes by the names of their balancers. */
  readonly nodes: ReadonlyMap<string, number>
}

export const noRoutes = (useAlias: boolean): RoutesParts => ({
  useAlias,
  byAlias: PersistentMap.from(),
  wildcards: 0,
  nodes: new Map(),
})

/** Where a node serves: the most enabled context by alias and path. */
interface Place {
  readonly node: Node
  /** `undefined` while it is not in the snapshot. */
  readonly balancer: Balancer | undefined
  readonly served: ReadonlyMap<string, ReadonlyMap<string, Context>>
}

export class RoutesDraft implements RoutesParts {
  readonly useAlias: boolean
  byAlias: PersistentMap<string, Paths>
  wildcards: number
  readonly #live: LiveTable
  readonly #countsBefore: ReadonlyMap<string, number>
  /** A copy, once something is counted. */
  #counts: Map<string, number> | undefined

  constructor({ useAlias, byAlias, wildcards, nodes }: RoutesParts, live: LiveTable) {
    this.useAlias = useAlias
    this.byAlias = byAlias
    this.wildcards = wildcards
    this.#countsBefore = nodes
    this.#live = live
  }

  get nodes(): ReadonlyMap<string, number> {
    return this.#counts ?? this.#countsBefore
  }

  /** Adds all nodes of a snapshot. */
  addAll(snapshot: Snapshot): void {
    for (const id of snapshot.nodes.keys()) this.#move(undefined, this.#placeOf(snapshot, id))
  }

  /** @param after the snapshot after the change. */
  apply(change: Change, before: Snapshot, after: Snapshot): void {
    switch (change.kind) {
      case 'node':
        this.#update(change.node.id, before, after)
        break
      case 'gone':
      case 'contexts':
        this.#update(change.id, before, after)
        break
      case 'balancer':
        this.#replaceBalancer(change.balancer.name, before, after)
        break
      case 'balancer-gone':
        this.#replaceBalancer(change.name, before, after)
        break
      case 'orders':
      case 'load':
        break
      default:
        change satisfies never
    }
  }

  #update(id: number, before: Snapshot, after: Snapshot): void {
    this.#move(this.#placeOf(before, id), this.#placeOf(after, id))
  }

  /** A balancer that comes or goes concerns its nodes; one that changes concerns its applications only. */
  #replaceBalancer(name: string, before: Snapshot, after: Snapshot): void {
    const [old, next] = [before.balancers.get(name), after.balancers.get(name)]
    if (old !== undefined && next !== undefined) {
      this.#replaceInApplications(old, next)
      return
    }
    // Mostly it comes before its first node and goes after its last one.
    if (!this.nodes.has(name)) return
    for (const { id, balancer } of after.nodes.values()) {
      if (balancer === name) this.#update(id, before, after)
    }
  }

  #replaceInApplications(old: Balancer, next: Balancer): void {
    const cookie = Buffer.from(next.cookie)
    for (const [alias, paths] of this.byAlias) {
      let renewed = paths
      for (const [path, applications] of paths.entries()) {
        if (!applications.some(({ balancer }) => balancer === old)) continue
        const all = applications.map((each) =>
          each.balancer === old ? { ...each, balancer: next, cookie } : each,
        )
        renewed = renewed.with(path, all)
      }
      if (renewed !== paths) this.byAlias = this.byAlias.with(alias, renewed)
    }
  }

  /** `undefined` for a node that is not there or is being removed. */
  #placeOf(snapshot: Snapshot, id: number): Place | undefined {
    const node = snapshot.nodes.get(id)
    if (node === undefined || node.removal !== 'none') return undefined
    const balancer = snapshot.balancers.get(node.balancer)
    const served = new Map<string, Map<string, Context>>()
    if (balancer === undefined || !isForwardable(node)) return { node, balancer, served }
    for (const context of snapshot.contexts.get(id) ?? []) {
      const alias = this.useAlias ? aliasKey(context.alias) : ''
      const paths = served.get(alias) ?? new Map<string, Context>()
      served.set(alias, paths)
      const path = pathKey(context.path)
      const known = paths.get(path)
      if (known === undefined || compareStatus(context.status, known.status) < 0)
        paths.set(path, context)
    }
    return { node, balancer, served }
  }

  #move(before: Place | undefined, after: Place | undefined): void {
    const isSame = before?.node === after?.node && before?.balancer === after?.balancer
    if (before?.node.balancer !== after?.node.balancer) {
      if (before !== undefined) this.#count(before.node.balancer, -1)
      if (after !== undefined) this.#count(after.node.balancer, 1)
    }
    for (const [alias, paths] of before?.served ?? []) {
      for (const path of paths.keys()) {
        if (isSame && after?.served.get(alias)?.has(path) === true) continue
        this.#remove(alias, path, before as Place)
      }
    }
    if (after === undefined) return
    for (const [alias, paths] of after.served) {
      for (const [path, context] of paths) {
        if (isSame && isAlike(before?.served.get(alias)?.get(path), context)) continue
        this.#put(alias, path, after, context)
      }
    }
  }

  #count(balancer: string, by: number): void {
    this.#counts ??= new Map(this.#countsBefore)
    const count = (this.#counts.get(balancer) ?? 0) + by
    if (count === 0) this.#counts.delete(balancer)
    else this.#counts.set(balancer, count)
  }

  #put(alias: string, path: string, { node, balancer }: Place, context: Context): void {
    if (balancer === undefined) return
    const made = new NodeCandidate(node, this.#live.of(node.id), context)
    const applications = this.#applications(alias, path)
    const at = applications.findIndex((each) => each.balancer === balancer)
    const found = applications[at]
    const candidates = found === undefined ? [] : changeable(found)
    const place = placeOf(candidates, node.slot)
    candidates.splice(place, candidates[place]?.node.id === node.id ? 1 : 0, made)
    // The first node decides the order of the applications.
    if (found?.candidates === candidates && place > 0) return
    const cookie = found?.cookie ?? Buffer.from(balancer.cookie)
    const derived = found?.derived ?? newDerived()
    const measured = found?.measured ?? []
    const application = { path, balancer, cookie, candidates, derived, measured, isFound: false }
    this.#set(
      alias,
      path,
      found === undefined ? [...applications, application] : applications.with(at, application),
    )
  }

  #remove(alias: string, path: string, { node, balancer }: Place): void {
    const applications = this.#applications(alias, path)
    const at = applications.findIndex((each) => each.balancer === balancer)
    const found = applications[at]
    if (found === undefined) return
    const candidates = changeable(found)
    const place = placeOf(candidates, node.slot)
    if (candidates[place]?.node.id === node.id) candidates.splice(place, 1)
    if (candidates.length === 0) this.#set(alias, path, applications.toSpliced(at, 1))
    else if (candidates !== found.candidates || place === 0)
      this.#set(alias, path, applications.with(at, { ...found, candidates, isFound: false }))
  }

  #applications(alias: string, path: string): readonly Application[] {
    return this.byAlias.get(alias)?.get(path) ?? []
  }

  #set(alias: string, path: string, applications: readonly Application[]): void {
    const before = this.byAlias.get(alias)
    const value = applications.length === 0 ? undefined : applications.toSorted(byFirstNode)
    const paths = (before ?? new PathMap<readonly Application[]>()).with(path, value)
    this.byAlias = paths.size === 0 ? this.byAlias.without(alias) : this.byAlias.with(alias, paths)
    if (!alias.startsWith('*')) return
    this.wildcards += (paths.size === 0 ? 0 : 1) - (before === undefined ? 0 : 1)
  }
}

/** Whether two contexts with the same path make the same candidate. */
const isAlike = (before: Context | undefined, after: Context): boolean =>
  before?.status === after.status && before.own === after.own && before.order === after.order

/** The candidates as a list that may be changed: a copy, once a request has found them. */
const changeable = ({ candidates, isFound }: Application): Candidate[] =>
  isFound ? candidates.slice() : (candidates as Candidate[])

const byFirstNode = (a: Application, b: Application): number =>
  (a.candidates[0]?.node.slot ?? 0) - (b.candidates[0]?.node.slot ?? 0)
