// One word for how a node is, with the reason when it is down: for the manager page and the tables of the
// commands.

import type { NodeReport } from './status-report.ts'

export function nodeState(
  node: Pick<NodeReport, 'removal' | 'health' | 'reason' | 'loadFactor' | 'silent' | 'unconfirmed'>,
): string {
  if (node.removal !== 'none') return 'removed'
  if (node.health === 'down') return `down (${node.reason})`
  if (node.loadFactor === -1) return 'broken'
  if (node.silent) return 'silent'
  if (node.unconfirmed) return 'unconfirmed'
  if (node.loadFactor === null) return 'starting'
  return node.loadFactor === 0 ? 'standby' : node.health
}
