// The field in which a node counts what it wants, so that proxies that share a registry know its later message from an earlier
// one that hung. Other proxies pass over it. In a reply: the count that the proxies know, which is a later one.

import type { NodeOrder } from './message.ts'

/** In lower case, as names are compared. */
export const orderField = 'topspin-order'

export const writeNodeOrder = ([run, change]: NodeOrder): string => `${run}.${change}`

/** @returns `undefined` for an absent field, and for one of another form. */
export function readNodeOrder(text: string): NodeOrder | undefined {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text.trim())
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}
