// The listener for health checks (`health.listen`): what happens when all its connections are taken.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { healthLimits, heldLimits } from '../../../src/base/limits.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import { HealthListener } from '../../../src/control/health-listener.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

test('connections beyond the limit make room for a check, and are counted and logged', async (t) => {
  const [counts, log, clock] = [new ControlCounts(), memoryLog(), new ManualClock()]
  const listener = new HealthListener(counts, log, clock)
  t.after(() => listener.close())
  const { port } = await listener.open({ host: '127.0.0.1', port: 0 })
  listener.become('ready')
  const silent = Array.from({ length: healthLimits.connectionsMax }, () => {
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    return socket.on('error', () => {})
  })
  await Promise.all(silent.map((socket) => once(socket, 'connect')))
  const refusals = (): number => counts.refusals.get('health') ?? 0
  await until('the next one is refused while none has stalled', async () => {
    await get(port, '/readyz').catch(() => {})
    return refusals() > 0
  })
  clock.advance(heldLimits.stalledMs)
  const before = refusals()
  const { status } = await get(port, '/readyz')
  assert.equal(status, 200)
  assert.equal(refusals(), before + 1)
  assert.deepEqual(log.messages, ['no room for more connections of health checks'])
  const limit = healthLimits.connectionsMax
  assert.deepEqual(log.details, [{ remote: '127.0.0.1', limit, refused: true }])
})
