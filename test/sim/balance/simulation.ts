// Proxies that choose among servers, event by event. The same seed gives the same requests at the same moments,
// whatever the rule.

import type { Random } from '../../../src/base/clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { Heap } from './heap.ts'
import { LatencyLog } from './latency-log.ts'
import { Outcome } from './outcome.ts'
import type { Attempt, Rule, RuleMaker, World } from './rule.ts'
import type { Incident, RequestClass, Scenario } from './scenario.ts'
import { SimulatedServer } from './server.ts'
import { exponential, workOf } from './work.ts'

/** One way takes so much, and exponentially distributed half as much on top, ms. */
const networkMs = 0.2
const reportMs = 10_000
/** Mean time between two changes of what else runs on a machine, ms. */
const disturbanceMs = 3_000
/** A session finds its server but for those that lost their cookie. */
const sessionsLost = 0.05
/** A request that is answered with an error at once takes so long, ms. */
const errorMs = 1

/** What can happen; an event is a kind and a number: of an attempt, a server, an incident or a probe. */
const kind = {
  arrival: 0,
  reached: 1,
  done: 2,
  idleDone: 3,
  answered: 4,
  disturbed: 5,
  pauseBegins: 6,
  pauseEnds: 7,
  incident: 8,
  report: 9,
  probe: 10,
  probed: 11,
} as const
const kinds = 16

export function simulate(scenario: Scenario, makeRule: RuleMaker, seed: number): Outcome {
  return new Simulation(scenario, makeRule, seed).run()
}

class SimulatedAttempt implements Attempt {
  readonly id: number
  proxy = 0
  server = 0
  sentAt = 0
  isUpgraded = false
  /** Number of the request. */
  request = 0
  work = 0
  isIdle = false
  isFailed = false
  reachedAt = 0
  /** Requests at the server when it came. */
  foundThere = 0

  constructor(id: number) {
    this.id = id
  }
}

interface Probe {
  readonly proxy: number
  readonly server: number
  count: number
  latencyMs: number
}

class Simulation implements World {
  readonly proxies: number
  readonly workMs: number
  readonly servers: readonly SimulatedServer[]
  readonly random: Random
  members: readonly number[]
  now = 0
  readonly #scenario: Scenario
  readonly #rule: Rule
  readonly #events: Heap = new Heap()
  readonly #arrivals: Random
  readonly #machines: Random
  readonly #network: Random
  readonly #classes: readonly (RequestClass & { readonly draw: () => number })[]
  readonly #perMs: number
  readonly #durationMs: number
  readonly #incidents: readonly Incident[]
  readonly #sessions: Int16Array
  readonly #attempts: SimulatedAttempt[] = []
  readonly #free: SimulatedAttempt[] = []
  readonly #probes: Probe[] = []
  readonly #latencies: readonly LatencyLog[]
  readonly #reportedBusy: Float64Array
  readonly #reportedAt: Float64Array
  readonly #outcome: Outcome
  #arrived = 0

  constructor(scenario: Scenario, makeRule: RuleMaker, seed: number) {
    this.#scenario = scenario
    this.#arrivals = seededRandom(seed * 7_919 + 1)
    this.#machines = seededRandom(seed * 104_729 + 2)
    this.#network = seededRandom(seed * 32_452_843 + 3)
    this.random = seededRandom(seed * 15_485_863 + 4)
    this.proxies = scenario.proxies
    this.workMs = scenario.workMs
    this.servers = Array.from(
      { length: scenario.servers },
      (_, index) => new SimulatedServer(scenario.server(index), (id) => this.#attempts[id]!.work),
    )
    this.members = this.servers.map((_, index) => index)
    this.#latencies = this.servers.map(({ workers }) => new LatencyLog(workers))
    this.#reportedBusy = new Float64Array(scenario.servers)
    this.#reportedAt = new Float64Array(scenario.servers)
    const classes = scenario.classes ?? [{ share: 1, workMs: scenario.workMs }]
    this.#classes = classes.map((one) => ({ ...one, draw: workOf(one, this.#arrivals) }))
    this.#perMs = arrivalsPerMs(scenario, this.servers)
    this.#durationMs = scenario.requests / this.#perMs
    this.#sessions = new Int16Array(scenario.sessions?.count ?? 0).fill(-1)
    this.#outcome = new Outcome(scenario)
    this.#incidents = scenario.incidents?.(this.#durationMs) ?? []
    this.#rule = makeRule(this)
    this.#plan()
  }

  run(): Outcome {
    const { requests } = this.#scenario
    const outcome = this.#outcome
    while (outcome.over < requests) {
      this.now = this.#events.key
      const event = this.#events.pop()
      this.#happen(event % kinds, Math.floor(event / kinds))
    }
    outcome.sort()
    return outcome
  }

  probe(proxy: number, server: number): void {
    this.#probes.push({ proxy, server, count: 0, latencyMs: 0 })
    this.#after(this.#way(), kind.probe, this.#probes.length - 1)
  }

  #after(ms: number, what: number, number: number): void {
    this.#events.push(this.now + ms, number * kinds + what)
  }

  #way(): number {
    return networkMs + exponential(networkMs / 2, this.#network)
  }

  #plan(): void {
    this.#after(0, kind.arrival, 0)
    this.#incidents.forEach(({ at }, index) => {
      this.#after(at, kind.incident, index)
    })
    const { disturbed, pauses, loadFactor } = this.#scenario
    for (let server = 0; server < this.servers.length; server++) {
      if (disturbed) this.#disturb(server)
      if (pauses !== undefined)
        this.#after(exponential(pauses.everyMs, this.#machines), kind.pauseBegins, server)
      if (loadFactor !== undefined) this.#after(reportMs * this.#machines(), kind.report, server)
    }
  }

  #happen(what: number, number: number): void {
    switch (what) {
      case kind.arrival:
        return this.#arrive()
      case kind.reached:
        return this.#reach(this.#attempts[number]!)
      case kind.done:
        return this.#finish(number)
      case kind.idleDone:
        return this.#after(this.#way(), kind.answered, number)
      case kind.answered:
        return this.#answer(this.#attempts[number]!)
      case kind.disturbed:
        return this.#disturb(number)
      case kind.pauseBegins:
        return this.#pause(number)
      case kind.pauseEnds:
        return this.#goOn(number)
      case kind.incident:
        return this.#meet(this.#incidents[number]!)
      case kind.report:
        return this.#report(number)
      case kind.probe:
        return this.#answerProbe(number)
      case kind.probed: {
        const { proxy, server, count, latencyMs } = this.#probes[number]!
        return this.#rule.probed?.(proxy, server, count, latencyMs)
      }
    }
  }

  #arrive(): void {
    const request = this.#arrived++
    const arrivals = this.#arrivals
    const one = this.#classOf(arrivals)
    const attempt = this.#free.pop() ?? this.#newAttempt()
    attempt.request = request
    attempt.work = one.draw()
    attempt.isIdle = one.idle === true
    attempt.isUpgraded = one.upgraded === true
    attempt.isFailed = false
    attempt.sentAt = this.now
    attempt.proxy = Math.floor(arrivals() * this.proxies)
    attempt.server = this.#route(attempt.proxy)
    this.servers[attempt.server]!.coming++
    this.#outcome.sent(request, attempt.server, this.now)
    this.#touched(attempt.server)
    this.#rule.sent(attempt)
    this.#after(this.#way(), kind.reached, attempt.id)
    if (this.#arrived === this.#scenario.requests) return
    const surge = this.#scenario.surge?.(this.now / this.#durationMs) ?? 1
    this.#after(exponential(1 / (this.#perMs * surge), arrivals), kind.arrival, 0)
  }

  #classOf(random: Random): RequestClass & { readonly draw: () => number } {
    const classes = this.#classes
    if (classes.length === 1) return classes[0]!
    let left = random()
    let at = 0
    while (at < classes.length - 1 && left >= classes[at]!.share) left -= classes[at++]!.share
    return classes[at]!
  }

  #newAttempt(): SimulatedAttempt {
    const attempt = new SimulatedAttempt(this.#attempts.length)
    this.#attempts.push(attempt)
    return attempt
  }

  /** A session goes to its server while that is there. */
  #route(proxy: number): number {
    const { sessions } = this.#scenario
    if (sessions === undefined || this.#arrivals() >= sessions.share)
      return this.#rule.choose(proxy)
    const session = Math.floor(this.#arrivals() * sessions.count)
    const isLost = this.#arrivals() < sessionsLost
    const own = this.#sessions[session]!
    if (own >= 0 && !isLost && this.servers[own]!.isMember) return own
    const chosen = this.#rule.choose(proxy)
    this.#sessions[session] = chosen
    return chosen
  }

  #reach(attempt: SimulatedAttempt): void {
    const server = this.servers[attempt.server]!
    server.advance(this.now)
    server.coming--
    attempt.reachedAt = this.now
    attempt.foundThere = server.count
    if (server.isDead || (server.fails > 0 && this.random() < server.fails)) {
      attempt.isFailed = true
      this.#after((server.isDead ? 0 : errorMs) + this.#way(), kind.answered, attempt.id)
    } else if (attempt.isIdle) this.#after(attempt.work, kind.idleDone, attempt.id)
    else {
      server.add(attempt.id)
      this.#schedule(attempt.server)
    }
    this.#touched(attempt.server)
  }

  /** When the server's next request is done, unless something happens before. */
  #schedule(index: number): void {
    const server = this.servers[index]!
    const ms = server.untilDone()
    server.dueAt = this.now + ms
    if (ms < Number.POSITIVE_INFINITY) this.#after(ms, kind.done, index)
  }

  #finish(index: number): void {
    const server = this.servers[index]!
    if (server.dueAt !== this.now) return
    server.advance(this.now)
    const attempt = this.#attempts[server.dequeue()]!
    this.#latencies[index]!.note(attempt.foundThere, this.now - attempt.reachedAt, this.now)
    this.#after(this.#way(), kind.answered, attempt.id)
    this.#schedule(index)
    this.#touched(index)
  }

  #answer(attempt: SimulatedAttempt): void {
    const ms = this.now - attempt.sentAt
    this.#outcome.answered(attempt.request, attempt.isFailed, attempt.isIdle ? undefined : ms)
    this.#rule.ended(attempt, !attempt.isFailed)
    this.#free.push(attempt)
  }

  #touched(server: number): void {
    this.#rule.serverChanged?.(server)
  }

  /** Changes something about how fast a server is. */
  #change(index: number, change: (server: SimulatedServer) => void): void {
    const server = this.servers[index]!
    server.advance(this.now)
    change(server)
    this.#schedule(index)
    this.#touched(index)
  }

  /** Six of ten times nothing disturbs, three of ten times up to half is taken away, else up to four fifths. */
  #disturb(index: number): void {
    const [which, much] = [this.#machines(), this.#machines()]
    this.#change(index, (server) => {
      server.disturbance = which < 0.6 ? 1 : which < 0.9 ? 0.5 + 0.5 * much : 0.2 + 0.3 * much
    })
    this.#after(exponential(disturbanceMs, this.#machines), kind.disturbed, index)
  }

  #pause(index: number): void {
    const { minMs, maxMs } = this.#scenario.pauses!
    this.#change(index, (server) => {
      server.stopped = true
    })
    this.#after(minMs + (maxMs - minMs) * this.#machines(), kind.pauseEnds, index)
  }

  #goOn(index: number): void {
    this.#change(index, (server) => {
      server.stopped = false
    })
    this.#after(
      exponential(this.#scenario.pauses!.everyMs, this.#machines),
      kind.pauseBegins,
      index,
    )
  }

  #meet({ server: index, fails, cold, stopped, dies, joins }: Incident): void {
    this.#change(index, (server) => {
      if (fails !== undefined) server.fails = fails
      if (cold !== undefined) server.cold = cold
      if (stopped !== undefined) server.stopped = stopped
      if (dies || joins !== undefined) server.isMember = joins === true
      if (!dies) return
      server.isDead = true
      for (const id of server.dropAll()) {
        this.#attempts[id]!.isFailed = true
        this.#after(this.#way(), kind.answered, id)
      }
    })
    if (!dies && joins === undefined) return
    this.members = this.servers.flatMap(({ isMember }, member) => (isMember ? [member] : []))
    this.#rule.memberChanged(index)
  }

  #report(index: number): void {
    const server = this.servers[index]!
    server.advance(this.now)
    const ms = Math.max(1, this.now - this.#reportedAt[index]!)
    const share = (server.busyMs - this.#reportedBusy[index]!) / (server.workers * ms)
    this.#reportedAt[index] = this.now
    this.#reportedBusy[index] = server.busyMs
    this.#rule.reported?.(index, this.#scenario.loadFactor!(index, Math.min(1, share)))
    this.#after(reportMs * (0.97 + 0.06 * this.#machines()), kind.report, index)
  }

  #answerProbe(number: number): void {
    const probe = this.#probes[number]!
    probe.count = this.servers[probe.server]!.count
    probe.latencyMs =
      this.#latencies[probe.server]!.at(probe.count, this.now) ?? this.#scenario.workMs
    this.#after(this.#way(), kind.probed, number)
  }
}

function arrivalsPerMs(
  { load, workMs, disturbed }: Scenario,
  servers: readonly SimulatedServer[],
): number {
  const workers = servers.reduce((sum, server) => sum + server.workers * server.speed, 0)
  return (load * workers * (disturbed ? 0.86 : 1)) / workMs
}
