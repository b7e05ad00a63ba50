// The report of a proxy as a table: one line for each node, and what is wrong with it. Pure.

import type { NodeReport, StatusReport } from '../control/status-report.ts'
import { hostPortText } from '../net/host-port.ts'
import { alignTable } from './table.ts'

export function statusTable(report: StatusReport): string {
  const draining = report.draining ? 'The proxy is draining.\n' : ''
  if (report.nodes.length === 0) return `${draining}No nodes are registered.\n`
  const rows = report.nodes.map((node) => [
    node.route,
    `${node.type}://${hostPortText(node)}`,
    node.domain === '' ? node.balancer : `${node.balancer}/${node.domain}`,
    nodeState(node),
    node.loadFactor === null ? '-' : String(node.loadFactor),
    String(node.inFlight),
    String(node.elected),
    String(node.failures),
    contextsText(node),
  ])
  const lines = alignTable(
    [
      { title: 'NODE' },
      { title: 'ADDRESS' },
      { title: 'BALANCER' },
      { title: 'STATE' },
      { title: 'LOAD FACTOR', align: 'right' },
      { title: 'IN FLIGHT', align: 'right' },
      { title: 'ELECTED', align: 'right' },
      { title: 'FAILED', align: 'right' },
      { title: 'CONTEXTS' },
    ],
    rows,
  )
  return `${draining}${lines.join('\n')}\n`
}

/** One word for how a node is, with the reason when it is down. */
export function nodeState(node: NodeReport): string {
  if (node.removal !== 'none') return 'removed'
  if (node.health === 'down') return `down (${node.reason})`
  if (node.loadFactor === -1) return 'broken'
  if (node.silent) return 'silent'
  if (node.loadFactor === null) return 'starting'
  return node.loadFactor === 0 ? 'standby' : node.health
}

/** `ENABLED / /api, STOPPED /shop`; a path counts once whatever its aliases. */
export function contextsText(node: NodeReport): string {
  const groups = (['ENABLED', 'DISABLED', 'STOPPED'] as const).map((status) => {
    const found = node.contexts.filter((context) => context.status === status)
    const paths = [...new Set(found.map((context) => context.path))].sort()
    return paths.length === 0 ? '' : `${status} ${paths.join(' ')}`
  })
  return groups.filter((group) => group !== '').join(', ')
}
