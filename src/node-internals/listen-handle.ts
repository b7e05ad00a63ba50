// The handle of a listening socket. net/accept-handles.ts accepts on further handles for the same socket; worker
// processes send handles to the primary and back to get them; and a process inherits sockets as descriptors.
//
// Touches `server._handle`: its `onconnection`, `listen`, `close`, `fd` and `getsockname`, and sends it to another process as it is. Uses
// `net._createServerHandle` and `server._listen2` as node:cluster does.

import type { SendHandle } from 'node:child_process'
import net, { createServer, type Server } from 'node:net'

/** A listening socket as Node.js holds it. */
export interface ListenHandle {
  /** The descriptor of the socket in this process. */
  readonly fd?: number
  /** Of a TCP socket: writes its address to `out`. @returns 0, or an error of the system. */
  getsockname?(out: { address?: string; port?: number }): number
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

/**
 * Makes a handle of a socket that this process has inherited; it accepts nothing by itself. The socket must be a TCP or a
 * unix one that listens already. @throws Error for any other descriptor.
 */
export function handleOfDescriptor(fd: number): ListenHandle {
  const handle = createHandle(null, 0, 0, fd)
  if (typeof handle === 'number')
    throw new Error(`descriptor ${fd} is no listening TCP or unix socket (${handle})`)
  return handle
}

/** @returns a number, the error of the system, when there is no such socket. */
function createHandle(
  ...place: [address: string | null, port: number, family: number, fd?: number]
): ListenHandle | number {
  const { _createServerHandle: create } = net as unknown as {
    readonly _createServerHandle: (...args: unknown[]) => ListenHandle | number
  }
  return create(...place)
}

/** The address of a TCP socket; `undefined` for a unix one. */
export function addressOfHandle(
  handle: ListenHandle,
): { readonly host: string; readonly port: number } | undefined {
  const out: { address?: string; port?: number } = {}
  if (handle.getsockname === undefined || handle.getsockname(out) !== 0) return undefined
  const { address: host, port } = out
  return host === undefined || port === undefined ? undefined : { host, port }
}

/** Whether a handle has not been closed. */
export const isOpenHandle = ({ fd }: ListenHandle): boolean => fd !== undefined && fd >= 0

/** Makes a server accept on a handle of either kind; `server.listen` accepts those of TCP alone. */
export function listenOnHandle(server: Server, handle: ListenHandle, backlog: number): void {
  const internal = server as unknown as {
    _handle: ListenHandle
    _listen2: (address: null, port: -1, type: -1, backlog: number) => void
  }
  internal._handle = handle
  internal._listen2(null, -1, -1, backlog)
}

/** Accepts no connection any more; unlike `server.close()` the server itself does not notice. */
export function stopListening(server: Server): void {
  listenHandleOf(server)?.close()
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

/** Whether a server has a handle, and another one can listen on a handle that was made apart from it. */
export async function probeListenHandle(): Promise<boolean> {
  const [first, second] = [createServer(), createServer()]
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve))
  const handle = createHandle('127.0.0.1', 0, 4)
  if (typeof handle !== 'number') listenOnHandle(second, handle, 1)
  await new Promise(setImmediate)
  const isKnown = listenHandleOf(first)?.fd !== undefined && second.listening
  for (const server of [first, second]) server.close()
  return isKnown
}
