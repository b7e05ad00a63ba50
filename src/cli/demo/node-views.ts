// What the demo shows of each node: the proxy's report beside what the traffic has seen. Pure.

import { nodeState } from '../../control/node-state.ts'
import type { StatusReport } from '../../control/status-report.ts'
import { contextsText } from '../status-table.ts'
import type { NodeView } from './screen.ts'
import type { NodeTally } from './tally.ts'

const unseen: NodeTally = { requests: 0, share: 0, p50: undefined, p99: undefined }

/** One view for each route, also for one that is away; `tallies` in the order of `routes`. */
export function nodeViews(
  routes: readonly string[],
  report: StatusReport | undefined,
  tallies: readonly NodeTally[],
): NodeView[] {
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
