// Servers of NATS that hang and go on, as with a slow disk, each while nodes change and clients send requests.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'

test('the only server of a store hangs again and again', { skip: noNats }, async (t) => {
  const nats = await startNats(1)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b'], nats.urls, { nodes: 4 })
  const [server] = nats.servers
  assert.ok(server)
  await stage.under('for three seconds in turns', async () => {
    for (let turn = 0; turn < 3; turn++) {
      server.kill('SIGSTOP')
      await sleep(3_000)
      server.kill('SIGCONT')
      await sleep(1_000)
    }
  })
  await stage.under('for 20 seconds', async () => {
    server.kill('SIGSTOP')
    await sleep(20_000)
    server.kill('SIGCONT')
  })
  await stage.end()
})

test('servers that follow hang in turns', { skip: noNats }, async (t) => {
  const nats = await startNats(3)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b'], nats.urls, { nodes: 4 })
  await stage.under('two seconds each, while the other two go on', async () => {
    const leader = await nats.leaderOf('topspin_default')
    const followers = nats.servers.filter((server) => server !== leader)
    for (let turn = 0; turn < 6; turn++) {
      const server = followers[turn % followers.length]
      server?.kill('SIGSTOP')
      await sleep(2_000)
      server?.kill('SIGCONT')
    }
  })
  await stage.end()
})
