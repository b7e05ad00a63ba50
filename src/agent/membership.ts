// This node's membership of the cluster: a link to every proxy, the states of its contexts, and a load report in each
// interval. It does not depend on where the server runs: join-cluster.ts has it in this process, sidecar.ts in another.

import { systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { isLoopback } from '../net/address.ts'
import { AgentCheck } from './agent-check.ts'
import { agentCheckText } from './agent-check-text.ts'
import { Draining } from './draining.ts'
import type { LinkState } from './link-state.ts'
import { Links } from './links.ts'
import type { MemberServer } from './member-server.ts'
import { type ContextState, contextMessage } from './registration.ts'
import type { Settings } from './settings.ts'
import { WishCount } from './wish-count.ts'

export interface ProxyStatus {
  /** `host:port` of the proxy. */
  readonly proxy: string
  /** The state of the link to it. */
  readonly state: LinkState
}

/** The part of a membership that an `Agent` uses. Of processes that share a port: group/shared-membership.ts. */
export interface NodeMembership {
  readonly route: string
  readonly status: readonly ProxyStatus[]
  readonly contexts: ReadonlyMap<string, ContextState>
  readonly isRegistered: boolean
  join(): Promise<void>
  setContext(path: string, state: ContextState | 'REMOVED'): Promise<void>
  drain(): Promise<void>
  drainContext(path: string): Promise<void>
  leave(): Promise<void>
  hurry(): void
}

/** What another process hands over that has registered this node. */
export interface Inheritance {
  readonly contexts: ReadonlyMap<string, ContextState>
  readonly status: readonly ProxyStatus[]
}

export class Membership implements NodeMembership {
  readonly #settings: Settings
  readonly #server: MemberServer
  readonly #links: Links
  readonly #contexts: Map<string, ContextState>
  readonly #count: WishCount = new WishCount(systemClock.wall())
  readonly #draining: Draining
  /** For HAProxy. */
  readonly #check: AgentCheck | undefined
  #load: number
  #reports: NodeJS.Timeout | undefined
  #left: Promise<void> | undefined

  /** @param changed called after every change of `status`. */
  constructor(
    settings: Settings,
    server: MemberServer,
    changed: () => void = () => {},
    inheritance?: Inheritance,
  ) {
    const { config, aliases, contexts } = settings
    this.#settings = settings
    this.#server = server
    this.#contexts = new Map(
      inheritance?.contexts ?? contexts.map((path) => [path, 'ENABLED'] as const),
    )
    this.#load = server.nextLoad()
    this.#links = new Links(settings, {
      registration: (localAddress) => {
        const host = settings.host ?? server.host ?? localAddress
        return { config, host, aliases, contexts: this.#contexts }
      },
      count: this.#count,
      load: () => this.#load,
      metrics: () => server.metrics,
      isDefaultLoad: server.isDefaultLoad,
      inherited: (proxy) => inheritance?.status.find((each) => each.proxy === proxy)?.state,
      changed,
    })
    this.#check = this.#agentCheck()
    this.#draining = new Draining({
      settings,
      server,
      links: this.#links,
      contexts: this.#contexts,
      count: this.#count,
      check: this.#check,
    })
  }

  get route(): string {
    return this.#settings.config.route
  }

  get status(): ProxyStatus[] {
    return this.#links.all.map((link) => ({ proxy: link.name, state: link.state }))
  }

  /** Path to the state that this node wants. */
  get contexts(): ReadonlyMap<string, ContextState> {
    return this.#contexts
  }

  get isRegistered(): boolean {
    return this.#links.all.some((link) => link.state.kind === 'report')
  }

  /** Resolves when every proxy has registered this node or the first attempt has failed. */
  async join(): Promise<void> {
    this.#reports = setInterval(() => this.report(), this.#settings.reportIntervalMs)
    this.#reports.unref()
    await Promise.all([this.#check?.open(), this.#links.start()])
  }

  /** The way of a load report: metrics, load factor, STATUS to every proxy. Also called ahead of the interval. */
  report(): void {
    this.#load = this.#server.nextLoad()
    for (const link of this.#links.all) link.report()
  }

  /** Resolves when every registered proxy has replied; the others receive the state when they register this node. */
  async setContext(path: string, state: ContextState | 'REMOVED'): Promise<void> {
    if (state === 'REMOVED') this.#contexts.delete(path)
    else this.#contexts.set(path, state)
    const message = { ...contextMessage(this.#settings, path, state), order: this.#count.next() }
    await Promise.all(this.#links.all.map((link) => link.send([message])))
  }

  /** As `Draining.drainNode`. */
  drain(): Promise<void> {
    return this.#draining.drainNode()
  }

  /** As `Draining.drainContext`. */
  drainContext(path: string): Promise<void> {
    return this.#draining.drainContext(path)
  }

  /** Drains, then removes the node at every proxy. Final; runs once. */
  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }

  /** Resolves when the messages on their way to the proxies are done. */
  async settled(): Promise<void> {
    await Promise.all(this.#links.all.map((link) => link.send([])))
  }

  /** Ends without a word to the proxies: another process continues. */
  abandon(): void {
    clearInterval(this.#reports)
    this.#check?.close()
    this.#draining.hurry()
    this.#links.abandon()
  }

  /** Ends all waits of `drain` and `leave`. */
  hurry(): void {
    this.#draining.hurry()
  }

  async #leave(): Promise<void> {
    await this.drain()
    clearInterval(this.#reports)
    // Even after the deadline a proxy has the time to reply to the removal.
    const order = this.#count.next()
    const removals = this.#links.all.map((link) => link.remove(agentLimits.removeMs, order))
    await this.#draining.unlessHurried(Promise.all(removals), agentLimits.hurriedMs)
    this.#links.close()
    this.#check?.close()
  }

  #agentCheck(): AgentCheck | undefined {
    const { agentCheck: port, host, log } = this.#settings
    if (port === undefined) return undefined
    return new AgentCheck({
      port,
      // The address of a sidecar's target may belong to another machine.
      host: this.#server.host ?? (host !== undefined && isLoopback(host) ? host : undefined),
      text: () => agentCheckText(this.#load, this.#contexts.values()),
      log,
    })
  }
}
