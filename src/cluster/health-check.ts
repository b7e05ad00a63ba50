// How a node is probed: the rules of the configuration, and the check that follows from them for one node. Pure; used by
// the watch over nodes and for the probes on behalf of messages.

import { hostPortText } from '../base/host-port.ts'
import type { Node } from './node.ts'

/** An HTTP request that a node answers while it is healthy. */
export interface HttpQuestion {
  readonly method: string
  /** Origin form, or `*`. */
  readonly path: string
  /** For the Host field; '' for the address of the node. */
  readonly host: string
  /** Statuses of a healthy node, as pairs of the lowest and the highest. */
  readonly expect: readonly (readonly [number, number])[]
}

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

/** One entry of `health` in the configuration. Absent values have the defaults of `defaultCheck`. */
export interface HealthRule {
  /** Route or address of the node to which it applies. */
  readonly node?: string | undefined
  /** Name of the balancer to whose nodes it applies. */
  readonly balancer?: string | undefined
  readonly probe: 'auto' | 'none' | 'tcp' | 'http'
  readonly method?: string | undefined
  readonly path?: string | undefined
  readonly host?: string | undefined
  readonly expect?: HttpQuestion['expect'] | undefined
  /** Milliseconds. */
  readonly interval?: number | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
  readonly rise?: number | undefined
  readonly fall?: number | undefined
}

export const defaultCheck: HealthCheck = {
  probe: 'tcp',
  question: { method: 'GET', path: '/', host: '', expect: [[200, 399]] },
  intervalMs: 5_000,
  timeoutMs: undefined,
  rise: 1,
  fall: 3,
}

/** The check of the rule that names the node, else of the one that names its balancer, else of the one for all. */
export function checkOf(
  rules: readonly HealthRule[],
  node: Pick<Node, 'route' | 'balancer' | 'host' | 'port' | 'type'>,
): HealthCheck {
  const address = hostPortText(node)
  const rule =
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
