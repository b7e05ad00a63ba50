// @fastify/http-proxy with its pool of several upstreams. Started by bench/sides/npm.ts.
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { keepAliveTimeout, listen, targets, write } from './arguments.js'

const app = fastify({ keepAliveTimeout })
app.register(httpProxy, {
  upstream: targets,
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      host: request.headers.host,
      'x-forwarded-for': request.ip,
      'x-forwarded-proto': request.protocol,
    }),
  },
})
if (write !== undefined) {
  app.addHook('onResponse', async (request, reply) =>
    write({
      time: Date.now(),
      client: request.ip,
      method: request.method,
      target: request.url,
      host: request.headers.host,
      status: reply.statusCode,
      duration: reply.elapsedTime,
      bytes: Number(reply.getHeader('content-length')),
    }),
  )
}
await app.listen(listen)
