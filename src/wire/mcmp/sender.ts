// Who sends a message: the node itself, or an operator. The commands of `topspin` mark theirs by an HTTP field, which other
// proxies ignore; agents and Java nodes are recognised by their User-Agent. Used by the parser and the client.

import { isJavaNode } from './java-node.ts'
import type { Sender } from './message.ts'

/** In lower case, as names are compared. */
export const senderField = 'topspin-sender'

/** User-Agent of the agent and of the commands. */
export const topspinUserAgent = 'Topspin'

/** @returns undefined when the message does not show it. */
export function senderOf(field: string, userAgent: string): Sender | undefined {
  const word = field.trim().toLowerCase()
  if (word === 'operator' || word === 'node') return word
  return userAgent === topspinUserAgent || isJavaNode(userAgent) ? 'node' : undefined
}
