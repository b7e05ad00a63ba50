// Redirects a client to a peer when the cascade requires it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** 302 for GET and HEAD, as browsers expect; 307 for all others, so that method and body are kept [RFC 9110 15.4]. */
export function redirectRequest(
  request: IncomingMessage,
  response: ServerResponse,
  location: string,
): void {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  response.writeHead(isRead ? 302 : 307, {
    Location: location,
    'Content-Length': 0,
    // The next request may be better served by another peer, or here.
    'Cache-Control': 'no-store',
  })
  response.end()
}

/** The same for an upgrade, which has no response object. */
export function redirectUpgrade(socket: Socket, location: string): void {
  socket.on('error', () => {})
  socket.end(
    `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n`,
    'latin1',
  )
}
