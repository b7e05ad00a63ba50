// The identity of a worker: when two registrations are the same one (mcmp.md 2.2); and the defaults of CONFIG (1.3).

import { addressKey } from '../../base/host-port.ts'
import type { ConfigMessage } from '../../wire/mcmp/message.ts'
import type { Balancer } from '../balancer.ts'
import type { Node, NodeSettings } from '../node.ts'
import type { Snapshot } from '../snapshot.ts'

export function nodeSettingsOf(message: ConfigMessage, defaultBalancer: string): NodeSettings {
  return {
    route: message.route,
    balancer: (message.balancer ?? defaultBalancer).toLowerCase(),
    domain: message.domain ?? '',
    host: message.host ?? 'localhost',
    port: message.port ?? 8009,
    type: message.type ?? 'ajp',
    reversed: message.reversed ?? false,
    flushPackets: message.flushPackets ?? 'off',
    flushWaitMs: message.flushWaitMs ?? 10,
    pingMs: message.pingMs ?? 10_000,
    smax: message.smax ?? -1,
    ttlMs: message.ttlMs ?? 60_000,
    timeoutMs: message.timeoutMs ?? 0,
  }
}

export function balancerOf(message: ConfigMessage, name: string, slot: number): Balancer {
  return {
    name,
    slot,
    sticky: message.stickySession ?? true,
    cookie: message.stickySessionCookie ?? 'JSESSIONID',
    pathParameter: message.stickySessionPath ?? 'jsessionid',
    stickyRemove: message.stickySessionRemove ?? false,
    stickyForce: message.stickySessionForce ?? true,
    ...(message.stickySessionForce === undefined ? { isForceDefault: true } : {}),
    waitMs: message.waitWorkerMs ?? 0,
    maxAttempts: message.maxAttempts ?? 1,
  }
}

export const sameAddress = (a: NodeSettings, b: NodeSettings): boolean =>
  addressKey(a) === addressKey(b)

export const sameWorker = (a: NodeSettings, b: NodeSettings): boolean =>
  sameAddress(a, b) &&
  a.balancer === b.balancer &&
  a.type === b.type &&
  a.reversed === b.reversed &&
  a.smax === b.smax &&
  a.ttlMs === b.ttlMs

/**
 * Whether the registration of its route continues this node. Not one that was fixed until a reload: what the configuration
 * set for it, and its health by that, are not those of the node that registers.
 */
export const isContinued = (node: Node, config: NodeSettings): boolean =>
  sameWorker(node, config) && (node.fixed || node.own === undefined)

/** The registered node that is the same worker under another route. */
export function rivalOf(snapshot: Snapshot, config: NodeSettings): Node | undefined {
  return snapshot.nodes
    .at(config)
    .find(
      (node) => node.removal === 'none' && node.route !== config.route && sameWorker(node, config),
    )
}

/** The same worker after its removal, shown as REMOVED. */
export function formerOf(snapshot: Snapshot, config: NodeSettings): Node | undefined {
  return snapshot.nodes
    .at(config)
    .find((node) => node.removal === 'forgotten' && sameWorker(node, config))
}

const families: readonly (readonly string[])[] = [['http', 'ws'], ['https', 'wss'], ['h2c'], ['h2']]

/** The node at the address in a PING; WebSocket types are equal to the HTTP type that they use. */
export function workerAt(
  snapshot: Snapshot,
  address: { readonly scheme: string; readonly host: string; readonly port: number },
): Node | undefined {
  const types = families.find((family) => family.includes(address.scheme)) ?? []
  return snapshot.nodes
    .at(address)
    .find((node) => node.removal === 'none' && types.includes(node.type))
}
