// `topspin upgrade` of a proxy with fixed nodes, which never report.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { startNode } from '../../support/node-server.ts'
import { startProxy, upgraded } from '../../support/upgraded-proxy.ts'

const statusTimeoutMs = 1_000

test('after an upgrade no fixed node is silent for want of reports', async (t) => {
  const { port } = await startNode(t)
  const proxy = await startProxy(
    t,
    `
listen: 127.0.0.1:0
workers: 0
control: { listen: 127.0.0.1:0, statusTimeout: ${statusTimeoutMs}ms }
to: [{ address: "127.0.0.1:${port}", route: a }]
`,
  )
  await upgraded(proxy)
  await pause(3 * statusTimeoutMs)
  const response = await fetch(`http://${proxy.control}/api/status`)
  const { nodes } = (await response.json()) as StatusReport
  const [node] = nodes
  assert.deepEqual([node?.route, node?.silent, node?.statusAgeMs], ['a', false, null])
})
