// How a node is probed: the rules of the configuration, and the check that follows from them for one node. Pure; used by
// the watch over nodes and for the probes on behalf of messages.

import { hostPortText } from '../base/host-port.ts'
import type { HealthRule, HttpQuestion } from './health-rule.ts'
import { isHttp2, type Node } from './node.ts'
import type { OwnSettings } from './own-settings.ts'

/** `cping` is the question of AJP, `http2` the wait for SETTINGS, `grpc` a call of grpc.health.v1. */
export type ProbeKind = 'none' | 'tcp' | 'cping' | 'http' | 'http2' | 'grpc'

/** Whether it asks for more than that the node speaks its protocol, so that traffic does not show the answer. */
export const asksApplication = (probe: ProbeKind): boolean => probe === 'http' || probe === 'grpc'

export interface HealthCheck {
  readonly probe: ProbeKind
  /** For `http`, and the host for `grpc`. */
  readonly question: HttpQuestion
  /** For `grpc`: '' for the server as a whole. */
  readonly service: string
  /** Time between two probes, ms. */
  readonly intervalMs: number
  /** Nobody has chosen this interval: among many nodes that are up, a probe waits for its turn. */
  readonly mayWait: boolean
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
  service: '',
  intervalMs: 5_000,
  mayWait: true,
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
  const rule = node.own?.health ?? ruleFor(rules, node) ?? automatic
  const probe = kindOf(rule.probe, node.type)
  const checks = made.get(rule) ?? new Map<ProbeKind, HealthCheck>()
  made.set(rule, checks)
  const check = checks.get(probe) ?? checkBy(rule, probe)
  checks.set(probe, check)
  return check
}

function ruleFor(rules: readonly HealthRule[], node: Checked): HealthRule | undefined {
  const address = hostPortText(node)
  return (
    rules.find((each) => each.node === node.route || each.node === address) ??
    rules.find((each) => each.node === undefined && each.balancer === node.balancer) ??
    rules.find((each) => each.node === undefined && each.balancer === undefined)
  )
}

const automatic: HealthRule = { probe: 'auto' }

/** Thousands of nodes share the check of one rule. */
const made: WeakMap<HealthRule, Map<ProbeKind, HealthCheck>> = new WeakMap()

function checkBy(rule: HealthRule, probe: ProbeKind): HealthCheck {
  const { question } = defaultCheck
  return {
    probe,
    question: {
      method: rule.method ?? question.method,
      path: rule.path ?? question.path,
      host: rule.host ?? question.host,
      expect: rule.expect ?? question.expect,
    },
    service: rule.service ?? defaultCheck.service,
    intervalMs: rule.interval ?? defaultCheck.intervalMs,
    mayWait: rule.interval === undefined && !asksApplication(probe),
    timeoutMs: rule.timeout,
    rise: rule.rise ?? defaultCheck.rise,
    fall: rule.fall ?? defaultCheck.fall,
  }
}

/**
 * Every node of type `ajp` has to answer CPING (ajp.md), and every node of HTTP/2 with SETTINGS; no node has promised to
 * answer an HTTP request of the proxy.
 */
function kindOf(probe: HealthRule['probe'], type: string): ProbeKind {
  if (probe === 'auto' && isHttp2({ type })) return 'http2'
  if (probe === 'http' || probe === 'auto') {
    if (type === 'ajp') return 'cping'
    return probe === 'auto' ? 'tcp' : 'http'
  }
  return probe
}
