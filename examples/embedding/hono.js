// A Hono application on Node.js that forwards what is below /shop to nodes that register themselves, and answers the rest.
//
//   npm install hono @hono/node-server
//   node examples/embedding/hono.js
//   PORT=3001 PROXIES=127.0.0.1:6666 node examples/express-agent.js
//   curl http://127.0.0.1:8000/shop

import { serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { createHandler } from 'topspin/handler'

const { PORT = '8000', CONTROL = '127.0.0.1:6666' } = process.env

const handler = createHandler({ control: { listen: CONTROL } })
/** @type {Hono<{ Bindings: import('@hono/node-server').HttpBindings }>} */
const app = new Hono()
for (const path of ['/shop', '/shop/*'])
  app.all(path, ({ env }) => {
    handler.handle(env.incoming, env.outgoing)
    return RESPONSE_ALREADY_SENT
  })
app.get('/', (context) => context.text('the application\n'))

await handler.ready
const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, () =>
  console.log(`hono on ${PORT}`),
)
server.on('upgrade', handler.upgrade)

process.once('SIGTERM', async () => {
  server.close()
  await handler.drain()
})
