// A node that answers with its name and reports a steady load, for scenes with other proxies in front.

import type { TestContext } from 'node:test'
import { type Agent, joinCluster } from '../../src/agent/index.ts'
import type { JoinOptions } from '../../src/agent/join-cluster.ts'
import { startNode } from './node-server.ts'

/** @param control address of the proxy that it registers with. */
export async function joinReporting(
  t: TestContext,
  control: string,
  name: string,
  more: Partial<JoinOptions> = {},
): Promise<Agent> {
  const node = await startNode(t, (_, response) => response.end(name))
  const agent = await joinCluster(node.server, {
    proxies: [control],
    route: name,
    metrics: [{ name: 'own', capacity: 100, read: () => 50 }],
    history: 0,
    initialLoad: -1,
    reportIntervalMs: 100,
    drain: { strategy: 'none' },
    log: false,
    ...more,
  })
  t.after(() => agent.close())
  return agent
}
