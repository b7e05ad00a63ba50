// Keep-open times of a server behind proxies: the proxy has to be the one that closes an idle connection.
// If the server does, a request may just then be on its way to it (the sporadic 502 of Node.js's 5 s).

import type { Server } from 'node:http'
import { agentLimits } from '../base/limits.ts'

/**
 * Raises `keepAliveTimeout` above every proxy's idle time; a longer one, and 0 (for ever), stay. A
 * connection that a proxy opened in advance must bring its first head within `headersTimeout`, so that
 * is kept above it, and `requestTimeout`, which may not be shorter, too; 0 is no limit.
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
