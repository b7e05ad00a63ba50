// The hand-over as a middleware of Koa. The types are the part of Koa's that is used.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PeerMiddleware } from '../parsed/middleware.ts'
import { handed } from './handed.ts'

interface Context {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  respond?: boolean | undefined
}

export type KoaPeersMiddleware = (context: Context, next: () => Promise<unknown>) => Promise<void>

/** `app.use(koaPeers(peers))`, before all other middlewares. */
export function koaPeers({ middleware }: { middleware: PeerMiddleware }): KoaPeersMiddleware {
  return async (context, next) => {
    if (await handed(middleware, context.req, context.res)) context.respond = false
    else await next()
  }
}
