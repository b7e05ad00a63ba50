// Whether an HTTP server goes on with a client that has ended its side of the connection. By default Node.js takes
// such a client for gone. Used by peers, so that a request that is handed over ends where one served here would.
//
// Touches `server.httpAllowHalfOpen`.

import { createServer, type Server } from 'node:http'

export const allowsHalfOpen = (server: Server): boolean =>
  (server as unknown as { readonly httpAllowHalfOpen?: boolean }).httpAllowHalfOpen === true

export const probeHalfOpen = (): boolean => 'httpAllowHalfOpen' in createServer()
