// The interface between the simulation and a rule of balancing.

import type { Random } from '../../../src/base/clock.ts'
import type { SimulatedServer } from './server.ts'

/** One attempt, as a proxy sees it. The simulation uses the objects again. */
export interface Attempt {
  /** Number of the object. */
  readonly id: number
  readonly proxy: number
  readonly server: number
  readonly sentAt: number
  readonly isUpgraded: boolean
}

/** What a rule may look at. */
export interface World {
  readonly proxies: number
  /** Mean work of a request, ms at speed 1. */
  readonly workMs: number
  /** For omniscient rules; a rule as a proxy could have it reads whether they are members, and no more. */
  readonly servers: readonly SimulatedServer[]
  /** Numbers of the servers that take requests; replaced when one joins or leaves. */
  readonly members: readonly number[]
  readonly random: Random
  readonly now: number
  /** Asks a server for its state; the answer comes by `Rule.probed`. */
  probe(proxy: number, server: number): void
}

export interface Rule {
  /** @returns the number of a member. */
  choose(proxy: number): number
  sent(attempt: Attempt): void
  ended(attempt: Attempt, isGood: boolean): void
  /** A server left, or joined anew. */
  memberChanged(server: number): void
  /** Something about a server is not as it was. */
  serverChanged?(server: number): void
  probed?(proxy: number, server: number, count: number, latencyMs: number): void
  reported?(server: number, loadFactor: number): void
}

export type RuleMaker = (world: World) => Rule
