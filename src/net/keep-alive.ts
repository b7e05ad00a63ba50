// Keep-alive timeouts of a server behind proxies. The proxy has to close idle connections: when the server does,
// a request may be on its way to it (the sporadic 502 of Node.js's default of 5 s).

import type { Server } from 'node:http'
import { agentLimits } from '../base/limits.ts'

/**
 * Raises `keepAliveTimeout` above the idle timeout of every proxy; a longer one and 0 (no timeout) stay. The
 * first head on a connection that a proxy opened in advance must arrive within `headersTimeout`, so that is
 * raised above it, and `requestTimeout`, which may not be shorter; 0 (no timeout) stays.
 */
export function outlastProxies(server: Server): void {
  if (server.keepAliveTimeout === 0) return
  server.keepAliveTimeout = Math.max(server.keepAliveTimeout, agentLimits.keepAliveMs)
  if (server.headersTimeout !== 0 && server.headersTimeout <= server.keepAliveTimeout) {
    server.headersTimeout = server.keepAliveTimeout + 1_000
  }
  if (server.requestTimeout !== 0 && server.requestTimeout < server.headersTimeout) {
    server.requestTimeout = server.headersTimeout
  }
}
