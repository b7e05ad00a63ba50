// The addresses to probe before a message can be applied (mcmp.md decisions 8, 31, 34, 49). Pure; the control service sends
// the probes and passes the results to `Registry.apply`.

import { addressKey } from '../../base/host-port.ts'
import { mcmpLimits } from '../../base/limits.ts'
import type { Message } from '../../wire/mcmp/message.ts'
import type { Node } from '../node.ts'
import { findNode, type Snapshot } from '../snapshot.ts'
import type { Question } from './facts.ts'
import { nodeSettingsOf, rivalOf, sameAddress, sameWorker, workerAt } from './identity.ts'

export const questionKey = (node: {
  readonly type: string
  readonly host: string
  readonly port: number
}): string => `${node.type}://${addressKey(node)}`

export function questions(
  message: Message,
  snapshot: Snapshot,
  defaultBalancer: string,
): readonly Question[] {
  switch (message.method) {
    case 'CONFIG': {
      const config = nodeSettingsOf(message, defaultBalancer)
      const asked: Question[] = []
      const old = findNode(snapshot, config.route)
      const moved = old !== undefined && old.removal === 'none' && !old.fixed
      if (moved && !sameWorker(old, config) && !sameAddress(old, config))
        asked.push(ask(old, mcmpLimits.conflictProbeMs))
      const rival = rivalOf(snapshot, config)
      if (rival !== undefined && !rival.fixed) asked.push(ask(rival, mcmpLimits.conflictProbeMs))
      return asked
    }
    case 'STATUS': {
      const node = findNode(snapshot, message.route)
      return node === undefined || node.removal !== 'none' || message.load === -1
        ? []
        : [ask(node, pingTimeout(node))]
    }
    case 'PING': {
      const node = pinged(message, snapshot)
      return node === undefined ? [] : [ask(node, pingTimeout(node))]
    }
    default:
      return []
  }
}

/** The node that a PING asks about; `undefined` when it is unknown or removed. */
export function pinged(
  message: Extract<Message, { method: 'PING' }>,
  snapshot: Snapshot,
): Node | undefined {
  if (message.route !== undefined) {
    const node = findNode(snapshot, message.route)
    return node?.removal === 'none' ? node : undefined
  }
  return message.address === undefined ? undefined : workerAt(snapshot, message.address)
}

/** The node's own `ping`, ms, limited so that the reply arrives before a Java node's timeout. */
export const pingTimeout = (node: Node): number =>
  Math.min(node.pingMs === 0 ? mcmpLimits.pingMsMax : node.pingMs, mcmpLimits.pingMsMax)

const ask = (node: Node, timeoutMs: number): Question => ({
  key: questionKey(node),
  host: node.host,
  port: node.port,
  type: node.type,
  route: node.route,
  balancer: node.balancer,
  timeoutMs,
  fixed: node.fixed,
})
