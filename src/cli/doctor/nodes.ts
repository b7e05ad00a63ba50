// What the doctor says of the proxy's own report: which nodes there are, and why one of them gets nothing. Pure.

import type { NodeReport, StatusReport } from '../../control/status-report.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export function nodeFindings(report: StatusReport): Finding[] {
  const nodes = report.nodes.filter((node) => node.removal === 'none')
  if (nodes.length === 0) {
    return [
      fail(
        'nodes',
        'none is registered',
        'start one, for example `topspin agent --target http://127.0.0.1:3000`, or look at its log for why this proxy did not take it',
      ),
    ]
  }
  return nodes.map(nodeFinding)
}

function nodeFinding(node: NodeReport): Finding {
  const what = `node ${node.route}`
  const at = `${node.type}://${node.host}:${node.port}`
  const enabled = node.contexts.filter((context) => context.status === 'ENABLED')
  if (node.health === 'down') {
    return fail(
      what,
      `${at} cannot be reached: ${node.reason ?? 'no reason known'}`,
      'look whether it listens at that address, and whether a firewall lies between; behind NAT the node must announce another one (option host)',
    )
  }
  if (node.contexts.length === 0) {
    return fail(
      what,
      `${at} has no context`,
      'it has registered, but deployed nothing: look at its log',
    )
  }
  if (enabled.length === 0) {
    const states = [...new Set(node.contexts.map((context) => context.status))].join(', ')
    return fail(
      what,
      `no context is enabled (${states})`,
      `enable them: topspin enable ${node.route}`,
    )
  }
  if (node.loadFactor === -1) {
    return fail(what, 'it says that it is broken (load factor -1)', 'look at its log')
  }
  if (node.silent) {
    return warn(
      what,
      'it has stopped reporting: it gets work only when no other node is there',
      'look whether its agent still runs and reaches this listener',
    )
  }
  if (node.loadFactor === 0 || node.loadFactor === null) {
    const why =
      node.loadFactor === 0 ? 'it asks to be a standby (load factor 0)' : 'it has not reported yet'
    return warn(what, `${why}: it gets work only when no other node is there`, '')
  }
  const aliases = [...new Set(enabled.map((context) => context.alias))].join(', ')
  return ok(
    what,
    `${at}, load factor ${node.loadFactor}, ${enabled.length} contexts for ${aliases}`,
  )
}
