// @fastify/http-proxy as a balancer of three servers. Started by bench/sides/npm.ts.
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { keepAliveTimeout, listen, targets, write } from './arguments.js'

const app = fastify({ keepAliveTimeout })
let turn = 0
app.register(httpProxy, {
  upstream: '',
  // Its limit of 128 connections to a node would let half of 1,000 clients wait.
  undici: { connections: 1024 },
  replyOptions: {
    getUpstream: () => {
      turn = (turn + 1) % targets.length
      return targets[turn]
    },
    // By itself it passes the node's Connection and Keep-Alive on to the client: wrong, and wrk
    // then waits on connections that are closed.
    rewriteHeaders: ({ connection, 'keep-alive': keepAlive, ...headers }) => headers,
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      host: request.headers.host,
      'x-forwarded-for': request.ip,
      'x-forwarded-proto': request.protocol,
      'x-forwarded-host': request.headers.host,
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
