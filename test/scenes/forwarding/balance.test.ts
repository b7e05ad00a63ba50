// mod_cluster's shares while the cluster changes under them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Change } from '../../../src/cluster/snapshot.ts'
import { contextOf, startProxy } from '../../support/cluster-fixture.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, RawClient } from '../../support/raw-client.ts'

const candidacy = ['mod_cluster']

describe('a node that returns is not flooded with the requests that it missed', () => {
  const away: Record<string, readonly [Change, Change]> = {
    'after its context was stopped for a deploy': [
      { kind: 'contexts', id: 1, contexts: [contextOf('/', 'STOPPED')] },
      { kind: 'contexts', id: 1, contexts: [contextOf('/')] },
    ],
    'after it reported standby': [
      { kind: 'load', id: 1, factor: 0 },
      { kind: 'load', id: 1, factor: 100 },
    ],
    'after it reported itself broken': [
      { kind: 'load', id: 1, factor: -1 },
      { kind: 'load', id: 1, factor: 100 },
    ],
  }
  for (const [what, [leaves, returns]] of Object.entries(away)) {
    test(what, async (t) => {
      const a = await startOrigin(t)
      const b = await startOrigin(t)
      const nodes = [{ port: a.port }, { port: b.port }]
      const { port, apply } = await startProxy(t, nodes, { candidacy })
      const client = await RawClient.connect(t, port)
      for (let i = 0; i < 10; i++) await client.ask(get('/echo'))
      apply([leaves])
      for (let i = 0; i < 150; i++) await client.ask(get('/echo'))
      assert.deepEqual([a.seen.length, b.seen.length], [5, 155])
      a.seen.length = 0
      apply([returns])
      for (let i = 0; i < 60; i++) await client.ask(get('/echo'))
      assert.ok(Math.abs(a.seen.length - 30) <= 2, `it got ${a.seen.length} of 60`)
    })
  }
})

test('load factors 100 and 50 share 2 : 1', async (t) => {
  const a = await startOrigin(t)
  const b = await startOrigin(t)
  const nodes = [{ port: a.port }, { port: b.port, factor: 50 }]
  const { port } = await startProxy(t, nodes, { candidacy })
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 90; i++) await client.ask(get('/echo'))
  assert.deepEqual([a.seen.length, b.seen.length], [60, 30])
})
