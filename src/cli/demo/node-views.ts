// The rows of the demo's table: for each node the proxy's report beside the tally of the clients. Pure.

import { nodeState, type StatusReport } from '../../control/status-report.ts'
import { contextsText } from '../remote/status-table.ts'
import type { DemoNode } from './screen.ts'
import type { NodeTally } from './tally.ts'

const unseen: NodeTally = { requests: 0, share: 0, p50: undefined, p99: undefined }

/** One row for each route, registered or not; `tallies` in the order of `routes`. */
export function nodeViews(
  routes: readonly string[],
  report: StatusReport | undefined,
  tallies: readonly NodeTally[],
): DemoNode[] {
  return routes.map((route, index) => {
    const tally = tallies[index] ?? unseen
    const node = report?.nodes.find((one) => one.route === route && one.removal === 'none')
    if (node === undefined)
      return { route, state: 'away', contexts: '', loadFactor: undefined, tally }
    return {
      route,
      state: nodeState(node),
      contexts: contextsText(node),
      loadFactor: node.loadFactor ?? undefined,
      tally,
    }
  })
}
