// How a node is probed: the rules of the configuration, and the check that follows from them for one node. Pure; used by
// the watch over nodes and for the probes on behalf of messages.

import { hostPortText } from '../base/host-port.ts'
import type { HealthRule, HttpQuestion } from './health-rule.ts'
import type { Node } from './node.ts'
import type { OwnSettings } from './own-settings.ts'

/** `cping` is the question of AJP. */
type ProbeKind = 'none' | 'tcp' | 'cping' | 'http'

export interface HealthCheck {
  readonly probe: ProbeKind
  /** For `http`. */
  readonly question: HttpQuestion
  /** Time between two probes, ms. */
  readonly intervalMs: number
  /** Deadline of one probe, ms; `undefined`: the `ping` of the node. */
  readonly timeoutMs: number | undefined
  /** Successful probes in a row that end `down`. */
  readonly rise: number
  /** Failed probes in a row that make the node down. */
  readonly fall: number
}

export const defaultCheck: HealthCheck = {
  probe: 'tcp',
  question: { method: 'GET', path: '/', host: '', expect: [[200, 399]] },
  intervalMs: 5_000,
  timeoutMs: undefined,
  rise: 1,
  fall: 3,
}

/** What decides about the check of a node. */
type Checked = Pick<Node, 'route' | 'balancer' | 'host' | 'port' | 'type'> & {
  readonly own?: Pick<OwnSettings, 'health'> | undefined
}

/**
 * The check of the node's own entry in the configuration, else of the rule that names the node, else of the one that names
 * its balancer, else of the one for all.
 */
export function checkOf(rules: readonly HealthRule[], node: Checked): HealthCheck {
  const address = hostPortText(node)
  const rule =
    node.own?.health ??
    rules.find((each) => each.node === node.route || each.node === address) ??
    rules.find((each) => each.node === undefined && each.balancer === node.balancer) ??
    rules.find((each) => each.node === undefined && each.balancer === undefined)
  const { question } = defaultCheck
  return {
    probe: kindOf(rule?.probe ?? 'auto', node.type),
    question: {
      method: rule?.method ?? question.method,
      path: rule?.path ?? question.path,
      host: rule?.host ?? question.host,
      expect: rule?.expect ?? question.expect,
    },
    intervalMs: rule?.interval ?? defaultCheck.intervalMs,
    timeoutMs: rule?.timeout,
    rise: rule?.rise ?? defaultCheck.rise,
    fall: rule?.fall ?? defaultCheck.fall,
  }
}

/** Every node of type `ajp` has to answer CPING (ajp.md); no node has promised to answer an HTTP request of the proxy. */
function kindOf(probe: HealthRule['probe'], type: string): ProbeKind {
  if (probe === 'http' || probe === 'auto') {
    if (type === 'ajp') return 'cping'
    return probe === 'auto' ? 'tcp' : 'http'
  }
  return probe
}
