// The handle of a listening socket. net/accept-handles.ts accepts on further handles for the same socket; worker
// processes send handles to the primary and back to get them.
//
// Touches `server._handle`: its `onconnection`, `listen` and `close`, and sends it to another process as it is.

import type { SendHandle } from 'node:child_process'
import { createServer, type Server } from 'node:net'

/** A listening socket as Node.js holds it. */
export interface ListenHandle {
  onconnection?: (status: number, client: unknown) => void
  /** Begins to accept. @returns 0, or an error of the system. */
  listen(backlog: number): number
  close(): void
}

/** Of a server that listens. `undefined` where this Node.js keeps it elsewhere. */
export function listenHandleOf(server: Server): ListenHandle | undefined {
  const { _handle: handle } = server as unknown as { readonly _handle?: ListenHandle | null }
  return typeof handle?.onconnection === 'function' && typeof handle.listen === 'function'
    ? handle
    : undefined
}

/** For `process.send`: the other process gets a handle of its own on the same socket. */
export const sendable = (handle: ListenHandle): SendHandle => handle as unknown as SendHandle

/** Begins to accept connections for the server whose handle is `first`. @returns whether it does. */
export function acceptFor(
  first: ListenHandle | undefined,
  further: ListenHandle,
  backlog: number,
): boolean {
  further.onconnection = (status, client) => first?.onconnection?.(status, client)
  return further.listen(backlog) === 0
}

export async function probeListenHandle(): Promise<boolean> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const isKnown = listenHandleOf(server) !== undefined
  await new Promise((resolve) => server.close(resolve))
  return isKnown
}
