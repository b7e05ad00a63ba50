// The hand-over as a Fastify plugin, for applications that balance some of their routes; a whole server joins with
// `joinPeers(app.server, ...)`. The types are the part of Fastify's that is used.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PeerMiddleware } from '../parsed/middleware.ts'

interface Instance {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse },
      done: (error?: Error) => void,
    ) => void,
  ): unknown
}

export type FastifyPeersPlugin = (instance: Instance, options: object, done: () => void) => void

/** `app.register(fastifyPeers(peers))`, before the routes that are balanced. */
export function fastifyPeers({ middleware }: { middleware: PeerMiddleware }): FastifyPeersPlugin {
  const plugin: FastifyPeersPlugin = (instance, _options, done) => {
    // A request that is handed over ends without the next hook; Fastify notices by the response.
    instance.addHook('onRequest', (request, reply, next) =>
      middleware(request.raw, reply.raw, () => next()),
    )
    done()
  }
  // The plugin applies to the scope that registers it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}
