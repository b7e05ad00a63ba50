// The response that an HTTP server is sending on a connection. Peers ask it to find when the server has answered,
// and set it so that `server.closeIdleConnections()` spares connections whose parser only waits for us.
//
// Touches `socket._httpMessage`, and `finished` of what it holds.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

interface Internals {
  _httpMessage?: object | null
}

export const isResponseUnderWay = (socket: Socket): boolean =>
  (socket as unknown as Internals)._httpMessage != null

/** Calls `close`, which ends the idle connections of a server, but none of these. */
export function sparing(sockets: readonly Socket[], close: () => void): void {
  for (const socket of sockets) (socket as unknown as Internals)._httpMessage = unfinished
  close()
  for (const socket of sockets) (socket as unknown as Internals)._httpMessage = null
}

const unfinished = { finished: false }

let isKnown: boolean | undefined

/** Tries it on a response that leads nowhere, once in a process. */
export function probeResponseUnderWay(): boolean {
  if (isKnown !== undefined) return isKnown
  const socket = new Socket()
  const response = new ServerResponse(new IncomingMessage(socket))
  response.assignSocket(socket)
  const isSet = (socket as unknown as Internals)._httpMessage === response
  response.detachSocket(socket)
  isKnown = isSet && (socket as unknown as Internals)._httpMessage === null
  return isKnown
}
