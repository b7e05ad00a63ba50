// Makes a server listen at an address of any form: host and port, the file of a unix socket, or a socket that another
// process has opened. Used by the listeners of the traffic and of the control service.

import type { AddressInfo, Server } from 'node:net'
import type { Endpoint } from '../base/host-port.ts'
import { socketPathOf } from '../base/unix-address.ts'
import { type ListenHandle, listenOnHandle } from '../node-internals/listen-handle.ts'
import { listenAtPath, type SocketFileOptions } from './socket-file.ts'

/** An address to listen on: host and port (0: any free one), or `unix:/path` with the options of its file. */
export interface ListenAddress extends Endpoint, SocketFileOptions {}

/** Connections that the kernel queues until they are accepted; the system may allow fewer. */
export const listenBacklog = 4_096

/**
 * @param kept the socket, where it is open already: inherited, or opened by another process.
 * @returns the address in use.
 * Rejects with the system's error; then the server does not listen.
 */
export async function listenAt(
  server: Server,
  address: ListenAddress,
  kept: ListenHandle | undefined = undefined,
): Promise<Endpoint> {
  const { host, port } = address
  const path = socketPathOf(host)
  if (kept === undefined && path !== undefined)
    await listenAtPath(server, path, address, listenBacklog)
  else
    await listening(server, () => {
      if (kept === undefined) server.listen({ host, port, backlog: listenBacklog })
      else listenOnHandle(server, kept, listenBacklog)
    })
  const bound = server.address() as AddressInfo | string | null
  const tls = address.tls === true ? { tls: true as const } : {}
  if (path !== undefined || bound === null || typeof bound === 'string')
    return { host, port, ...tls }
  return { host: bound.address, port: bound.port, ...tls }
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    listen()
  })
}
