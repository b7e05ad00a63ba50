// Simulation of one proxy in front of nodes of unequal speed. Each node is a single-threaded server that reports its load
// factor every ten seconds, as an agent does. The decisions are Topspin's own code.

import type { Random } from '../../src/base/clock.ts'
import { recalculate } from '../../src/candidacy/by-load-factor.ts'
import type { Cascade } from '../../src/candidacy/compose.ts'
import { observeLatency } from '../../src/cluster/latency.ts'
import type { Candidate } from '../../src/cluster/routes.ts'
import { cascadeOf, nodeCandidate, viewOf } from '../support/candidacy-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { Events } from './events.ts'

export interface NodesGiven {
  /** Speed of each node; 1 is the usual one. */
  readonly speeds: readonly number[]
  readonly candidacy: readonly string[]
  /** Requests as a share of the capacity of all nodes, 0..1. */
  readonly load: number
  /** Mean service time at speed 1, ms; exponentially distributed. */
  readonly serviceMs: number
  readonly seed: number
}

const reportMs = 10_000
/** Window of `byLoadFactor`. */
const windowMs = 5_000

export class SimulatedNodes {
  readonly #given: NodesGiven
  readonly #events: Events = new Events()
  readonly #random: Random
  readonly #cascade: Cascade
  readonly #candidates: readonly Candidate[]
  readonly #nodes: readonly SimulatedNode[]
  #times: number[] = []

  constructor(given: NodesGiven) {
    this.#given = given
    this.#random = seededRandom(given.seed)
    this.#cascade = cascadeOf(given.candidacy, { random: this.#random })
    this.#candidates = given.speeds.map((_, index) => nodeCandidate(index + 1))
    this.#nodes = given.speeds.map((speed, index) => ({
      speed,
      candidate: this.#candidates[index]!,
      busyUntil: 0,
      busyMs: 0,
    }))
    for (const node of this.#nodes) this.#report(node, reportMs * this.#random())
    this.#window()
    this.#arrive()
  }

  /** Runs for some ms. @returns the times of the requests answered in them, shortest first. */
  run(ms: number): readonly number[] {
    this.#times = []
    this.#events.runUntil(this.#events.now() + ms)
    return this.#times.sort((a, b) => a - b)
  }

  #report(node: SimulatedNode, inMs: number): void {
    this.#events.after(inMs, () => {
      const busy = Math.min(1, node.busyMs / inMs)
      node.busyMs = 0
      const { live } = node.candidate
      live.loadFactor = Math.max(1, Math.round(100 * (1 - busy)))
      this.#report(node, reportMs)
    })
  }

  #window(): void {
    this.#events.after(windowMs, () => {
      recalculate(this.#candidates.map(({ live }) => live))
      this.#window()
    })
  }

  #arrive(): void {
    const { speeds, load, serviceMs } = this.#given
    const speed = speeds.reduce((sum, one) => sum + one, 0)
    const every = serviceMs / (load * speed)
    this.#events.after(-Math.log(1 - this.#random()) * every, () => {
      this.#handle()
      this.#arrive()
    })
  }

  #handle(): void {
    const events = this.#events
    const candidate = this.#cascade.choose(this.#candidates, viewOf(), events)
    const node = this.#nodes[this.#candidates.indexOf(candidate!)]!
    const { live } = node.candidate
    const begun = events.now()
    const ms = (-Math.log(1 - this.#random()) * this.#given.serviceMs) / node.speed
    live.inFlight++
    live.elected++
    node.busyUntil = Math.max(node.busyUntil, begun) + ms
    node.busyMs += ms
    events.after(node.busyUntil - begun, () => {
      const now = events.now()
      live.inFlight--
      observeLatency(live.latency, now - begun, now)
      this.#times.push(now - begun)
    })
  }
}

interface SimulatedNode {
  readonly speed: number
  readonly candidate: Candidate
  busyUntil: number
  busyMs: number
}
