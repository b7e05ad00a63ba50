// The end of an answer that cannot be completed any more, though its beginning has been sent: cut
// where the client can see it, never faked [RFC 9112 8].

import type { Exchange } from '../exchange.ts'
import { leaveNode, settle } from './settle.ts'

/** @param code for the access log: what happened. */
export function cut(exchange: Exchange, code: string): void {
  exchange.traffic.counters.cut++
  leaveNode(exchange, true)
  settle(exchange, code)
  exchange.client.cut(exchange.head.minor === 0)
}
