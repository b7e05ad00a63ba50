// The listener by which an HTTP server parses its connections. Peers take its place, so that they read a
// connection before the server does, and call it when the server is to have the connection.
//
// Relies on every `http.Server` having the same listener for `connection`, the first one that it has.

import { createServer, Server } from 'node:http'
import type { Socket } from 'node:net'

export type ConnectionListener = (this: Server, socket: Socket) => void

/** `undefined` for a server that is no plain `http.Server`, or that does not parse its connections itself. */
export function connectionListenerOf(server: unknown): ConnectionListener | undefined {
  if (!(server instanceof Server)) return undefined
  const own = ownListener(createServer())
  return own !== undefined && server.listeners('connection').includes(own) ? own : undefined
}

/** Puts one listener in the place of another; all others stay, in order. */
export function replaceListener(
  server: Server,
  from: ConnectionListener,
  to: ConnectionListener,
): void {
  const listeners = server.rawListeners('connection') as ConnectionListener[]
  server.removeAllListeners('connection')
  for (const listener of listeners) server.on('connection', listener === from ? to : listener)
}

export function probeConnectionListener(): boolean {
  const own = ownListener(createServer())
  return own !== undefined && own === ownListener(createServer())
}

const ownListener = (server: Server): ConnectionListener | undefined =>
  (server.listeners('connection') as ConnectionListener[])[0]
