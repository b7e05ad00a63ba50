// The part of `topspin doctor` about nodes, from the report of the proxy: which nodes are registered, and why one of
// them gets no requests. Pure.

import { hostPortText } from '../../base/host-port.ts'
import type { NodeReport, StatusReport } from '../../control/status-report.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export function nodeFindings(report: StatusReport): Finding[] {
  const nodes = report.nodes.filter((node) => node.removal === 'none')
  if (nodes.length === 0) {
    return [
      fail(
        'nodes',
        'no node is registered',
        'start one, for example `topspin agent --target http://127.0.0.1:3000`, or look in the log of the node for the reason why this proxy refused it',
      ),
    ]
  }
  return nodes.map(nodeFinding)
}

function nodeFinding(node: NodeReport): Finding {
  const what = `node ${node.route}`
  const at = `${node.type}://${hostPortText(node)}`
  const enabled = node.contexts.filter((context) => context.status === 'ENABLED')
  if (node.health === 'down') {
    return fail(
      what,
      `${at} cannot be reached: ${node.reason ?? 'for an unknown reason'}`,
      'does it listen at that address, and does a firewall block it? Behind NAT the node must register another address (option host)',
    )
  }
  if (node.contexts.length === 0) {
    return fail(
      what,
      `${at} has no context`,
      'it has registered, but deployed nothing: look in its log',
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
    return fail(what, 'it reports that it is broken (load factor -1)', 'look in its log')
  }
  if (node.silent) {
    return warn(
      what,
      'it stopped reporting its load: it gets requests only when there is no other node',
      'does its agent still run, and can it reach this listener?',
    )
  }
  if (node.loadFactor === 0 || node.loadFactor === null) {
    const why =
      node.loadFactor === 0 ? 'it is a standby (load factor 0)' : 'it has not reported its load yet'
    return warn(what, `${why}: it gets requests only when there is no other node`, '')
  }
  const aliases = [...new Set(enabled.map((context) => context.alias))].join(', ')
  const contexts = enabled.length === 1 ? '1 context' : `${enabled.length} contexts`
  return ok(what, `${at}, load factor ${node.loadFactor}, ${contexts} for ${aliases}`)
}
