// Simulation of clients with sessions: ten requests per second each, a session for a while and then another. One of two nodes
// goes down and returns.

import { recalculate } from '../../src/candidacy/by-load-factor.ts'
import { type Health, healthy } from '../../src/cluster/health.ts'
import { cascadeOf, nodeCandidate, viewOf } from '../support/candidacy-fixture.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'

export interface SessionsGiven {
  readonly candidacy: readonly string[]
  /** Share of the clients that keep no session. */
  readonly free: number
  /** How long a session lasts on average, seconds. */
  readonly sessionS: number
  readonly seed: number
}

const clients = 60
const stepMs = 100
const down: Health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: '' }

/** Share of all requests at the second node, for each second of 80; it is down from 30 s to 40 s. */
export function sharesOfReturned(given: SessionsGiven): number[] {
  const random = seededRandom(given.seed)
  const clock = new ManualClock()
  const nodes = [nodeCandidate(1), nodeCandidate(2)]
  const returned = nodes[1]!
  const cascade = cascadeOf(given.candidacy, { random })
  const all = Array.from({ length: clients }, (_, index) => ({
    isFree: index < given.free * clients,
    route: '',
    ends: random() * given.sessionS * 1_000,
  }))
  const shares: number[] = []
  let got = 0
  for (let now = 0; now < 80_000; now += stepMs) {
    if (now === 30_000) returned.live.health = down
    if (now === 40_000) {
      returned.live.health = healthy
      returned.live.epoch++
    }
    if (now % 5_000 === 2_500) recalculate(nodes.map(({ live }) => live))
    for (const client of all.toSorted(() => random() - 0.5)) {
      if (client.isFree || now >= client.ends) client.route = ''
      if (now >= client.ends) client.ends = now + given.sessionS * 1_000 * (0.5 + random())
      const view = viewOf(client.route === '' ? {} : { route: client.route })
      const chosen = cascade.choose(nodes, view, clock)!
      client.route = chosen.node.route
      chosen.live.elected++
      if (chosen === returned) got++
    }
    if ((now + stepMs) % 1_000 === 0) {
      shares.push(got / (clients * (1_000 / stepMs)))
      got = 0
    }
  }
  return shares
}
