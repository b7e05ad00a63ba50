// Rules of the proxy in simulations with one seed, as evidence for the documentation on when to use which.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modClusterCascade } from '../../src/candidacy/proxy-cascades.ts'
import { SimulatedNodes } from './nodes.ts'
import { sharesOfReturned } from './sessions.ts'

const instead = (last: string): string[] => [...modClusterCascade.slice(0, -1), last]

test('with nodes of unequal speed least outstanding is far better than load factors of ten seconds ago', (t) => {
  const speeds = [1, 1, 1, 1, 0.25]
  const found = ['byLoadFactor', 'byWeight', 'byInFlight', 'byInFlight 2', 'byLatency'].map(
    (last) => {
      const nodes = new SimulatedNodes({
        speeds,
        candidacy: instead(last),
        load: 0.7,
        serviceMs: 10,
        seed: 3,
      })
      nodes.run(20_000)
      const times = nodes.run(100_000)
      const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
      const p99 = times[Math.floor(times.length * 0.99)]!
      t.diagnostic(`mean ${mean.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms: ${last}`)
      return { last, mean, p99 }
    },
  )
  const [byLoadFactor, , byInFlight] = found
  assert.ok(byInFlight!.p99 < 0.5 * byLoadFactor!.p99, 'p99')
  assert.ok(byInFlight!.mean < 0.5 * byLoadFactor!.mean, 'mean')
})

/** Largest share of the returned node in the 40 s after, and its deviation from a half (root mean square). */
function afterReturn(last: string, free: number): { worst: number; swing: number } {
  const shares = [1, 2, 3, 4].flatMap((seed) =>
    sharesOfReturned({ candidacy: instead(last), free, sessionS: 3, seed }).slice(50),
  )
  const swing = Math.sqrt(
    shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / shares.length,
  )
  return { worst: Math.max(...shares), swing }
}

test('when all requests belong to sessions byLoadFactor oscillates after a return, and byWeight does not', (t) => {
  const [factor, weight] = [afterReturn('byLoadFactor', 0), afterReturn('byWeight', 0)]
  t.diagnostic(`byLoadFactor ${JSON.stringify(factor)}, byWeight ${JSON.stringify(weight)}`)
  assert.ok(factor.worst > 0.75, `worst of byLoadFactor: ${factor.worst}`)
  assert.ok(weight.worst < 0.75, `worst of byWeight: ${weight.worst}`)
  assert.ok(weight.swing < 0.6 * factor.swing)
})

test('when half of the requests have no session byLoadFactor compensates for the sessions and is better', (t) => {
  const [factor, weight] = [afterReturn('byLoadFactor', 0.5), afterReturn('byWeight', 0.5)]
  t.diagnostic(`byLoadFactor ${JSON.stringify(factor)}, byWeight ${JSON.stringify(weight)}`)
  assert.ok(factor.swing < 0.02, `swing ${factor.swing}`)
  assert.ok(weight.swing > 2 * factor.swing)
})
