// An exchange that has become a tunnel: it lasts as long as both connections, and settles with them.
// Called by whoever owns the client's connection.

import type { Connection } from '../../net/connection.ts'
import type { Exchange } from '../exchange.ts'
import type { NodeConnection } from '../node/node-connection.ts'
import { countOut, settle } from '../stages/settle.ts'
import { Tunnel } from './tunnel.ts'

/** @param onClosed both connections are gone, the exchange has settled. */
export function tunnelOf(
  exchange: Exchange,
  client: Connection,
  node: NodeConnection,
  onClosed: () => void,
): Tunnel {
  const { candidate, traffic } = exchange
  node.deadline = Number.POSITIVE_INFINITY
  return new Tunnel(client, node.connection, traffic, () => {
    if (candidate !== undefined) countOut(candidate)
    traffic.ticker.delete(node)
    settle(exchange, '')
    onClosed()
  })
}
