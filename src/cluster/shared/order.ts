// Which of two states of a node, a balancer or an order of an operator is the later one, whichever proxy took it and
// whatever its clock says. Proxies that share a registry keep the later one. Pure.

import type { NodeOrder } from '../../wire/mcmp/message.ts'

/**
 * `run`: of a node that counts, the start of its process, ms since 1970; else the arrival of the message. `change`: which
 * change of the node's wishes, 0 where it does not count. `step`: what a proxy has done upon that.
 */
export type Order = readonly [run: number, change: number, step: number]

/** Negative: `a` is the earlier one. */
export function compareOrder(a: Order, b: Order): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** Whether a message was sent before the node said what is known: it hung in a proxy, and has no effect any more. */
export function isOldNews(message: NodeOrder, known: Order | undefined): boolean {
  if (known === undefined) return false
  return (message[0] - known[0] || message[1] - known[1]) < 0
}

/** Of the state after a message of a node that counts, and is no old news. */
export function afterCounted([run, change]: NodeOrder, known: Order | undefined): Order {
  const isSame = known !== undefined && known[0] === run && known[1] === change
  return [run, change, isSame ? known[2] + 1 : 0]
}

/** Of the state after any other message. @param now wall-clock time, ms; proxies' clocks may differ. */
export function afterUncounted(now: number, known: Order | undefined): Order {
  return [known === undefined ? now : Math.max(now, known[0] + 1), 0, 0]
}

/** Of the state after something that a proxy does itself: what the node says next counts nevertheless. */
export function afterProxy(now: number, known: Order | undefined): Order {
  return known === undefined ? [now, 0, 0] : [known[0], known[1], known[2] + 1]
}
