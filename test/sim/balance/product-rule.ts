// The product's own cascades and live numbers, one set for each proxy, driven by the simulation.

import type { Clock } from '../../../src/base/clock.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { observeLatency } from '../../../src/cluster/latency.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import { Usual } from '../../../src/cluster/usual.ts'
import { cascadeOf, nodeCandidate, viewOf } from '../../support/candidacy-fixture.ts'
import type { Attempt, Rule, RuleMaker, World } from './rule.ts'

export const productRule =
  (...candidacy: readonly string[]): RuleMaker =>
  (world) =>
    new ProductRule(world, candidacy)

const view = viewOf()

class ProductRule implements Rule {
  readonly #proxies: readonly ProductProxy[]

  constructor(world: World, candidacy: readonly string[]) {
    this.#proxies = Array.from({ length: world.proxies }, () => new ProductProxy(world, candidacy))
  }

  choose(proxy: number): number {
    return this.#proxies[proxy]!.choose()
  }
  sent(attempt: Attempt): void {
    this.#proxies[attempt.proxy]!.sent(attempt)
  }
  ended(attempt: Attempt, isGood: boolean): void {
    this.#proxies[attempt.proxy]!.ended(attempt, isGood)
  }
  memberChanged(server: number): void {
    for (const proxy of this.#proxies) proxy.memberChanged(server)
  }
  reported(server: number, loadFactor: number): void {
    for (const proxy of this.#proxies) proxy.reported(server, loadFactor)
  }
}

class ProductProxy {
  readonly #world: World
  readonly #clock: Clock
  readonly #cascade: ReturnType<typeof cascadeOf>
  readonly #usual: Usual = new Usual()
  readonly #all: Candidate[]
  /** Both by number of the attempt. */
  readonly #held: HeldRequest[] = []
  readonly #sentTo: Candidate[] = []
  #candidates: readonly Candidate[]

  constructor(world: World, candidacy: readonly string[]) {
    this.#world = world
    this.#clock = { now: () => world.now, wall: () => world.now }
    this.#cascade = cascadeOf(candidacy, { random: world.random })
    this.#all = world.servers.map((_, server) => this.#candidate(server))
    this.#candidates = this.#all
  }

  choose(): number {
    return this.#cascade.choose(this.#candidates, view, this.#clock)!.node.id
  }

  sent({ id, server, isUpgraded }: Attempt): void {
    const candidate = this.#all[server]!
    const { live } = candidate
    this.#sentTo[id] = candidate
    live.inFlight++
    this.#held[id] ??= new HeldRequest()
    live.room.begin(this.#held[id], this.#world.now)
    if (isUpgraded) live.room.upgrade(this.#held[id], this.#world.now)
  }

  ended({ id, sentAt }: Attempt, isGood: boolean): void {
    const { now } = this.#world
    const { live } = this.#sentTo[id]!
    live.inFlight--
    live.room.end(this.#held[id]!, now, isGood)
    if (isGood) observeLatency(live.latency, now - sentAt, now)
  }

  /** A server that joins is another node than the one that left. */
  memberChanged(server: number): void {
    if (this.#world.servers[server]!.isMember) this.#all[server] = this.#candidate(server)
    this.#candidates = this.#world.members.map((member) => this.#all[member]!)
  }

  reported(server: number, loadFactor: number): void {
    const { live } = this.#all[server]!
    live.loadFactor = loadFactor
    live.wish.report(loadFactor)
  }

  #candidate(server: number): Candidate {
    const candidate = nodeCandidate(server)
    candidate.live.room.usual = this.#usual
    return candidate
  }
}
