// A Fastify application that forwards what is below /shop to nodes that register themselves, and answers the rest.
//
//   npm install fastify
//   node examples/embedding/fastify.js
//   PORT=3001 PROXIES=127.0.0.1:6666 node examples/express-agent.js
//   curl http://127.0.0.1:8000/shop

import { fastify } from 'fastify'
import { createHandler } from 'topspin/handler'

const { PORT = '8000', CONTROL = '127.0.0.1:6666' } = process.env

const handler = createHandler({ control: { listen: CONTROL } })
const app = fastify()
app.get('/', () => 'the application\n')
app.register(async (shop) => {
  // Bodies stay unread: the handler sends them as they come.
  shop.removeAllContentTypeParsers()
  shop.addContentTypeParser('*', (_request, _payload, done) => done(null))
  for (const url of ['/shop', '/shop/*'])
    shop.all(url, (request, reply) => {
      reply.hijack()
      handler.handle(request.raw, reply.raw)
    })
})
app.server.on('upgrade', handler.upgrade)

await handler.ready
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
console.log(`fastify on ${PORT}`)

process.once('SIGTERM', async () => {
  await Promise.all([app.close(), handler.drain()])
})
