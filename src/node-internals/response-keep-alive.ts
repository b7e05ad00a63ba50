// Whether a connection is kept after a response. The agent ends it while its node leaves; peers ask whether the
// client, the application or `maxRequestsPerSocket` wants it to end.
//
// Touches `response.shouldKeepAlive` and `response.maxRequestsOnConnectionReached`.

import { createServer, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'

interface Internals {
  maxRequestsOnConnectionReached?: boolean
}

/** The connection ends after this response. */
export const isLastResponse = (response: ServerResponse & Internals): boolean =>
  !response.shouldKeepAlive || response.maxRequestsOnConnectionReached === true

/** Ends the connection after this response, whose head has not been sent. */
export function makeLastResponse(response: ServerResponse): void {
  response.shouldKeepAlive = false
}

export function probeResponseKeepAlive(): boolean {
  const server = createServer({ keepAlive: true })
  const isLast: boolean[] = []
  server.on('request', (_request, response) => isLast.push(isLastResponse(response)))
  for (const fields of ['', 'Connection: close\r\n']) request(fields)
  server.maxRequestsPerSocket = 1
  request('')
  return isLast.join() === 'false,true,true'

  function request(fields: string): void {
    const connection = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() })
    server.emit('connection', connection)
    connection.emit('data', Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`))
    connection.destroy()
  }
}
