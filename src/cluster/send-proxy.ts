// Which nodes get a PROXY header at the start of each connection, and in which version. Pure; used by the pools of
// connections to nodes and by probes.

import { hostPortText } from '../base/host-port.ts'
import type { ProxyVersion } from '../wire/proxy-protocol/header.ts'
import type { Node } from './node.ts'

/** One entry of `sendProxy` in the configuration; without `node` and `balancer` it is for all nodes. */
export interface SendProxyRule {
  /** Route or address of the node to which it applies. */
  readonly node?: string | undefined
  /** Name of the balancer to whose nodes it applies. */
  readonly balancer?: string | undefined
  readonly version: ProxyVersion | 'off'
}

/** By the rule that names the node, else by the one that names its balancer, else by the one for all; by default none. */
export function proxyVersionOf(
  rules: readonly SendProxyRule[],
  node: Pick<Node, 'route' | 'balancer' | 'host' | 'port'>,
): ProxyVersion | undefined {
  if (rules.length === 0) return undefined
  const address = hostPortText(node)
  const rule =
    rules.find((each) => each.node === node.route || each.node === address) ??
    rules.find((each) => each.node === undefined && each.balancer === node.balancer) ??
    rules.find((each) => each.node === undefined && each.balancer === undefined)
  return rule === undefined || rule.version === 'off' ? undefined : rule.version
}
