// Sends a client to the peer that is better placed, where the cascade says that it shall go there itself.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** 302 for GET and HEAD, as browsers expect; 307 for all others, so that method and body are kept [RFC 9110 15.4]. */
export function redirect(
  request: IncomingMessage,
  response: ServerResponse,
  location: string,
): void {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  response.writeHead(isRead ? 302 : 307, {
    Location: location,
    'Content-Length': 0,
    // Another request may be better served elsewhere, or here.
    'Cache-Control': 'no-store',
  })
  response.end()
}

/** The same for a request whose socket the server has given away. */
export function redirectUpgrade(socket: Socket, location: string): void {
  socket.on('error', () => {})
  socket.end(
    `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n`,
    'latin1',
  )
}
