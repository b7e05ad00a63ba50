// The hand-over as a middleware of Hono on Node.js (@hono/node-server); on other platforms it does nothing. The types are
// the part of Hono's that is used.

import { IncomingMessage, ServerResponse } from 'node:http'
import type { PeerMiddleware } from '../parsed/middleware.ts'
import { handed } from './handed.ts'

interface Context {
  readonly env: unknown
}

export type HonoPeersMiddleware = (
  context: Context,
  next: () => Promise<void>,
) => Promise<Response | undefined>

/** `app.use(honoPeers(peers))`, before all other middlewares. */
export function honoPeers({ middleware }: { middleware: PeerMiddleware }): HonoPeersMiddleware {
  return async ({ env }, next) => {
    const { incoming, outgoing } = (env ?? {}) as { incoming?: unknown; outgoing?: unknown }
    const isNode = incoming instanceof IncomingMessage && outgoing instanceof ServerResponse
    if (isNode && (await handed(middleware, incoming, outgoing))) {
      // By this header node-server sends nothing. It looks for the header in Node.js's Response only, and not in its
      // own, which `new Response` makes here; the copy is of Node.js's kind.
      return new Response(null, { headers: { 'x-hono-already-sent': 'true' } }).clone()
    }
    await next()
    return undefined
  }
}
