// Workers of node:cluster as peers, by topspin/auto.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { built } from '../../support/child.ts'
import { ClusterApp } from '../../support/cluster-app.ts'
import { freePorts } from '../../support/free-ports.ts'
import { until } from '../../support/until.ts'

const auto = ['--import', pathToFileURL(built('src/auto.js')).href]

async function start(t: TestContext, ownPorts: boolean): Promise<ClusterApp> {
  const [port] = await freePorts(1)
  const env = {
    TOPSPIN_MODE: 'peer',
    TOPSPIN_GROUP: `239.255.77.1:${port}`,
    TOPSPIN_INTERFACE: '127.0.0.1',
    TOPSPIN_PEER_KEY: 'what the peers of this scene share',
  }
  const options = { workers: 2, control: '', port: 0, join: 'auto', execArgv: auto, env } as const
  return ClusterApp.start(t, { ...options, ownPorts })
}

const count = (text: string, part: string): number => text.split(part).length - 1

test('workers with ports of their own are peers', async (t) => {
  const app = await start(t, true)
  await until(
    'both have joined',
    () => count(app.printed, 'joined') === 2,
    10_000,
    () => app.printed,
  )
  assert.doesNotMatch(app.printed, /shares its port/)
})

test('workers that share a port do not join, and each says so', async (t) => {
  const app = await start(t, false)
  const isRefused = (): boolean => count(app.printed, 'shares its port') === 2
  await until('both are refused', isRefused, 10_000, () => app.printed)
})
