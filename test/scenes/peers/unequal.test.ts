// Servers of unequal speed, asked in turn by clients that know nothing: what the hand-over is for. The servers
// wait instead of computing, so that a busy machine changes little; bench/peers.ts is the long form.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measure } from '../../../bench/peers/measure.ts'
import { peerCascade } from '../../../src/candidacy/index.ts'
import { freePorts } from '../../support/free-ports.ts'

test('hand-over lowers the 99th percentile by more than half at 70 % of what all can do', async (t) => {
  const [off, on] = await Promise.all(
    ['off', peerCascade.join(', ')].map(async (candidacy) => {
      const [port] = await freePorts(1)
      const figures = await measure({
        candidacy,
        group: `239.255.77.2:${port}`,
        speeds: [1, 1, 0.25],
        serviceMs: 40,
        load: 0.7,
        gentleSeconds: 4,
        warmUpSeconds: 1,
        seconds: 8,
      })
      t.diagnostic(
        `${candidacy}: mean ${figures.mean.toFixed(0)} ms, p99 ${figures.p99.toFixed(0)} ms`,
      )
      return figures
    }),
  )
  assert.ok(off !== undefined && on !== undefined)
  assert.deepEqual([off.handed, off.failed, on.failed], [0, 0, 0])
  assert.ok(on.handed > 0.1, `${on.handed} was handed over`)
  assert.ok(on.p99 < off.p99 / 2, `${on.p99} ms against ${off.p99} ms`)
  assert.ok(on.mean < off.mean / 2, `${on.mean} ms against ${off.mean} ms`)
})
