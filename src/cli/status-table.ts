// The report of a proxy as tables: one line for each node, with what is wrong with it, and one for each
// process that carries traffic. Pure.

import { hostPortText } from '../base/host-port.ts'
import { nodeState } from '../control/node-state.ts'
import type { NodeReport, StatusReport, WorkerReport } from '../control/status-report.ts'
import { alignTable } from './table.ts'

export function statusTable(report: StatusReport): string {
  const draining = report.draining ? 'The proxy is draining.\n' : ''
  const nodes = report.nodes.length === 0 ? 'No nodes are registered.\n' : nodesTable(report)
  const workers = report.workers.length === 0 ? '' : `\n${workersTable(report.workers)}`
  return `${draining}${nodes}${workers}`
}

function nodesTable(report: StatusReport): string {
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
  return `${lines.join('\n')}\n`
}

function workersTable(workers: readonly WorkerReport[]): string {
  const lines = alignTable(
    [
      { title: 'WORKER' },
      { title: 'CONNECTIONS', align: 'right' },
      { title: 'REQUESTS', align: 'right' },
      { title: 'RESTARTS', align: 'right' },
    ],
    workers.map(({ pid, connections, requests, restarts }) => [
      pid === null ? 'restarting' : String(pid),
      String(connections),
      String(requests),
      String(restarts),
    ]),
  )
  return `${lines.join('\n')}\n`
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
