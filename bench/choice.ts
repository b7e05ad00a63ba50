// `node --expose-gc dist/bench/choice.js`: what does a choice by the default cascade cost with its bookkeeping, begin and
// end of the request, in microseconds of processor time, and how many bytes does it allocate? By number of nodes; no
// network.

import { autoCascade } from '../src/candidacy/proxy-cascades.ts'
import { HeldRequest } from '../src/cluster/held-requests.ts'
import type { Candidate } from '../src/cluster/routes.ts'
import { Usual } from '../src/cluster/usual.ts'
import { cascadeOf, nodeCandidate, viewOf } from '../test/support/candidacy-fixture.ts'
import { median } from './support/median.ts'

const rounds = 9
const times = 200_000
/** Requests in hand for each node, on average. */
const inHand = 2

for (const count of [3, 5, 20, 100, 1_000, 10_000]) {
  const run = traffic(count)
  run(times)
  const us = median(Array.from({ length: rounds }, () => timed(() => run(times)) / times)) * 1_000
  const bytes = allocated(() => run(times)) / times
  console.log(
    `${String(count).padStart(5)} nodes  ${us.toFixed(3)} microseconds  ${bytes.toFixed(1)} bytes`,
  )
}

/** A request begins for each that ends, on a clock that moves on by itself. */
function traffic(count: number): (requests: number) => void {
  const usual = new Usual()
  const candidates = Array.from({ length: count }, (_, index) => nodeCandidate(index + 1))
  for (const { live } of candidates) live.room.usual = usual
  const cascade = cascadeOf(autoCascade, { random: Math.random })
  const view = viewOf()
  const held = Array.from({ length: inHand * count }, () => new HeldRequest())
  const at: Candidate[] = held.map((_, index) => candidates[index % count] as Candidate)
  // In an array, since a fraction in a variable of a closure is an object.
  const clock = new Float64Array(1)
  held.forEach((request, index) => {
    at[index]?.live.room.begin(request, 0)
  })
  const now = { now: () => clock[0] as number, wall: () => clock[0] as number }
  let next = 0
  return (requests) => {
    for (let i = 0; i < requests; i++) {
      clock[0] = (clock[0] as number) + 0.25
      const request = held[next] as HeldRequest
      at[next]?.live.room.end(request, now.now(), true)
      const chosen = cascade.choose(candidates, view, now) as Candidate
      chosen.live.room.begin(request, now.now())
      at[next] = chosen
      if (++next === held.length) next = 0
    }
  }
}

/** Processor time, ms. */
function timed(run: () => void): number {
  const begun = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1_000
}

function allocated(run: () => void): number {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  run()
  return process.memoryUsage().heapUsed - before
}
