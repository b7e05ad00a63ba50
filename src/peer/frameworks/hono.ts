// The hand-over as Hono middleware, where Hono runs on Node.js (@hono/node-server); elsewhere it does nothing.
// The types are as much of Hono as is used.

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

/** `app.use(honoPeers(peers))`, before everything else. */
export function honoPeers({ middleware }: { middleware: PeerMiddleware }): HonoPeersMiddleware {
  return async ({ env }, next) => {
    const { incoming, outgoing } = (env ?? {}) as { incoming?: unknown; outgoing?: unknown }
    const isNode = incoming instanceof IncomingMessage && outgoing instanceof ServerResponse
    if (isNode && (await handed(middleware, incoming, outgoing))) {
      // By this node-server knows that there is nothing left to send; in a Response of its own kind it looks only
      // for a body, so it gets a copy, which is of Node.js's kind.
      return new Response(null, { headers: { 'x-hono-already-sent': 'true' } }).clone()
    }
    await next()
    return undefined
  }
}
