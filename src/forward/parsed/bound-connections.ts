// The connections to a target or a peer that belong to the client of a socket, whose requests Node.js parses: see
// ExchangeClient.bound. They close with the socket.

import type { Socket } from 'node:net'
import type { ExchangeClient } from '../exchange-client.ts'

type Bound = ExchangeClient['bound']

const bound: unique symbol = Symbol('bound connections')
type Owner = Socket & { [bound]?: Bound }

export const boundOf = (socket: Owner): Bound => socket[bound]

export function setBound(socket: Owner, connections: Bound): void {
  socket[bound] = connections
  socket.once('close', () => {
    for (const connection of connections ?? []) connection.close()
  })
}
