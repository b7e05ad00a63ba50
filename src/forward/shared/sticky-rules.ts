// The sticky settings as requests use them: the rule of an application, found once for each, and its cookies. Replaced as a
// whole at a reload.

import { stickyLimits } from '../../base/limits.ts'
import type { Balancer } from '../../cluster/balancer.ts'
import { pathKey } from '../../cluster/context.ts'
import type { Node } from '../../cluster/node.ts'
import { PathMap } from '../../cluster/path-map.ts'
import type { Application } from '../../cluster/routes.ts'
import { StickySeal, type StickyToken } from '../../wire/sticky-token.ts'
import {
  defaultInsert,
  type InsertSettings,
  type StickyEntry,
  type StickySettings,
} from './sticky-settings.ts'

/** A session in a cookie of the proxy. */
export interface StickySession {
  /** Its node; `undefined` when that does not serve the application. */
  readonly node: Node | undefined
  /** Failover domain of its node, if a node of the application is in it; else ''. */
  readonly domain: string
  /** As in the token. */
  readonly client: string
  /** The client should get a new cookie for the same node. */
  readonly isStale: boolean
}

/** The rule of one application. */
export class StickyRule {
  /** `undefined`: the proxy sets no cookie here. */
  readonly insert: InsertSettings | undefined
  /** The name of the cookie; empty when there is none. */
  readonly cookie: Uint8Array
  /** Names of the field, in lower case, and of the parameter. */
  readonly header: Uint8Array | undefined
  readonly query: Uint8Array | undefined
  readonly #application: Application
  readonly #seals: BalancerSeals
  /** By tag, of each secret. */
  #nodes: Map<string, Node> | undefined
  #domains: Map<string, string> | undefined

  constructor(
    application: Application,
    { insert, header, query }: StickySettings,
    seals: BalancerSeals,
  ) {
    const { sticky, cookie } = application.balancer
    // A cookie of the application's own name would replace that of the application.
    this.insert = insert.when === 'off' || !sticky || insert.name === cookie ? undefined : insert
    this.cookie = Buffer.from(this.insert?.name ?? '')
    this.header = header === undefined ? undefined : Buffer.from(header)
    this.query = query === undefined ? undefined : Buffer.from(query)
    this.#application = application
    this.#seals = seals
  }

  /** @param now seconds since 1970. @returns `undefined` unless the value is a valid cookie of this balancer. */
  read(value: string, now: number): StickySession | undefined {
    const opened = this.#seals.open(value)
    if (opened === undefined) return undefined
    const { token, isOfFirst } = opened
    const ttl = this.#ttl
    const age = now - token.issuedAt
    const isDated = token.issuedAt > 0
    if (ttl > 0 && isDated && age >= ttl) return undefined
    if (this.#nodes === undefined) this.#indexNodes()
    const node = this.#nodes?.get(token.node)
    return {
      node,
      domain: node?.domain ?? this.#domains?.get(token.domain) ?? '',
      client: token.client,
      isStale: !isOfFirst || (ttl > 0 && (!isDated || age * renewalsInTtl >= ttl)),
    }
  }

  /** The value of a cookie for this node. @param now seconds since 1970. */
  write(node: Node, client: string, now: number): string {
    return this.#seals.write(node, client, this.#ttl > 0 ? now : 0)
  }

  /** Seconds; 0: none. */
  get #ttl(): number {
    return Math.floor((this.insert?.ttl ?? 0) / 1_000)
  }

  #indexNodes(): void {
    const [nodes, domains] = [new Map<string, Node>(), new Map<string, string>()]
    for (const { node } of this.#application.candidates) {
      for (const { node: tag, domain } of this.#seals.tags(node)) {
        nodes.set(tag, node)
        if (node.domain !== '') domains.set(domain, node.domain)
      }
    }
    this.#nodes = nodes
    this.#domains = domains
  }
}

/** A cookie is renewed once this part of its lifetime has passed, so that it does not end under an active client. */
const renewalsInTtl = 10

type Tags = Pick<StickyToken, 'node' | 'domain'>

interface Opened {
  readonly token: StickyToken
  /** It is signed with the secret that signs new ones. */
  readonly isOfFirst: boolean
}

/** The cookies of one balancer, with a memory of those that were found valid: a signature costs some microseconds. */
class BalancerSeals {
  readonly #seals: readonly StickySeal[]
  readonly #tags: WeakMap<Node, readonly Tags[]> = new WeakMap()
  #recent: Map<string, Opened> = new Map()
  #older: Map<string, Opened> = new Map()

  constructor(secrets: readonly string[], balancer: string) {
    const keys = secrets.length === 0 ? [''] : secrets
    this.#seals = keys.map((secret) => new StickySeal(secret, balancer))
  }

  open(value: string): Opened | undefined {
    const known = this.#recent.get(value) ?? this.#older.get(value)
    if (known !== undefined) return known
    for (const [index, seal] of this.#seals.entries()) {
      const token = seal.read(value)
      if (token === undefined) continue
      const opened = { token, isOfFirst: index === 0 }
      if (this.#recent.size >= stickyLimits.rememberedMax) {
        this.#older = this.#recent
        this.#recent = new Map()
      }
      this.#recent.set(value, opened)
      return opened
    }
    return undefined
  }

  write(node: Node, client: string, issuedAt: number): string {
    const [seal] = this.#seals as [StickySeal]
    const [tags] = this.tags(node) as [Tags]
    return seal.write({ ...tags, client, issuedAt })
  }

  /** One for each secret, in their order. */
  tags(node: Node): readonly Tags[] {
    let tags = this.#tags.get(node)
    if (tags === undefined) {
      tags = this.#seals.map((seal) => ({
        node: seal.node(node.route),
        domain: seal.domain(node.domain),
      }))
      this.#tags.set(node, tags)
    }
    return tags
  }
}

export class StickyRules {
  /** No application has a rule that does anything. */
  readonly isOff: boolean
  /** Some rule adds cookies to responses of any kind. */
  readonly insertsAlways: boolean
  /** Some rule reads header fields or query parameters. */
  readonly readsKeys: boolean
  readonly #root: StickySettings
  readonly #byBalancer: Map<string, StickySettings> = new Map()
  readonly #byPath: PathMap<StickySettings> = new PathMap()
  readonly #rules: WeakMap<Application, StickyRule> = new WeakMap()
  readonly #seals: Map<StickySettings, WeakMap<Balancer, BalancerSeals>> = new Map()

  /** The entry of a balancer comes before that of the longest path, and that before the one of all others. */
  constructor(entries: readonly StickyEntry[]) {
    this.#root = entries.find(isRoot) ?? { insert: defaultInsert }
    for (const entry of entries) {
      if (entry.balancer !== undefined) this.#byBalancer.set(entry.balancer, entry)
      else if (entry.path !== undefined) this.#byPath.set(pathKey(entry.path), entry)
    }
    const all = [this.#root, ...entries]
    this.insertsAlways = all.some(({ insert }) => insert.when === 'always')
    this.readsKeys = all.some(({ header, query }) => header !== undefined || query !== undefined)
    this.isOff = !this.readsKeys && all.every(({ insert }) => insert.when === 'off')
  }

  /** The rule of an application that requests have found. */
  of(application: Application): StickyRule {
    let rule = this.#rules.get(application)
    if (rule === undefined) {
      const { balancer, path } = application
      const settings = this.#byBalancer.get(balancer.name) ?? this.#byPath.find(path) ?? this.#root
      rule = new StickyRule(application, settings, this.#sealsOf(settings, balancer))
      this.#rules.set(application, rule)
    }
    return rule
  }

  #sealsOf(settings: StickySettings, balancer: Balancer): BalancerSeals {
    const known = this.#seals.get(settings) ?? new WeakMap<Balancer, BalancerSeals>()
    this.#seals.set(settings, known)
    const seals = known.get(balancer) ?? new BalancerSeals(settings.insert.secret, balancer.name)
    known.set(balancer, seals)
    return seals
  }
}

const isRoot = ({ balancer, path }: StickyEntry): boolean =>
  balancer === undefined && path === undefined
