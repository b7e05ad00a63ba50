// Still stages 6 and 7: a client logs in on a connection to a node, by NTLM or Negotiate, or the connection began with a
// PROXY header about the client. From then on it belongs to the client's connection, and no other client uses it.

import { httpLimits } from '../../base/limits.ts'
import type { Node } from '../../cluster/node.ts'
import type { AttemptStage } from '../exchange-state.ts'
import type { LeasedConnection } from '../node/node-context.ts'

type Client = AttemptStage['client']

/** The client logs in on the connection. */
export function bind(client: Client, connection: LeasedConnection): void {
  connection.isLoggedIn = true
  keepFor(client, connection)
}

/** The connection is closed with the client's, and not used for others. */
export function keepFor(client: Client, connection: LeasedConnection): void {
  client.bound ??= new Set()
  const { bound } = client
  if (bound.has(connection)) return
  const [oldest] = bound
  if (bound.size >= httpLimits.boundMax) oldest?.close()
  bound.add(connection)
  connection.bindTo(bound)
}

/** Leases the client's own connection to a node; `undefined` when it has none, or when that is closed. */
export function leaseBound({ bound }: Client, node: Node): LeasedConnection | undefined {
  if (bound === undefined) return undefined
  for (const connection of bound) {
    if (!connection.isIdle || connection.node !== node) continue
    if (connection.reuse()) return connection
  }
  return undefined
}
