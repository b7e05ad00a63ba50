// A Koa application that forwards what is below /shop to nodes that register themselves, and answers the rest.
//
//   npm install koa
//   node examples/embedding/koa.js
//   PORT=3001 PROXIES=127.0.0.1:6666 node examples/express-agent.js
//   curl http://127.0.0.1:8000/shop

import Koa from 'koa'
import { createHandler } from 'topspin/handler'

const { PORT = '8000', CONTROL = '127.0.0.1:6666' } = process.env

const handler = createHandler({ control: { listen: CONTROL } })
const app = new Koa()
// Before body parsers: the handler sends the body as it comes.
app.use(async (context, next) => {
  if (!/^\/shop(\/|$)/.test(context.path)) return next()
  context.respond = false
  handler.handle(context.req, context.res)
})
app.use((context) => {
  context.body = 'the application\n'
})

await handler.ready
const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`koa on ${PORT}`))
server.on('upgrade', handler.upgrade)

process.once('SIGTERM', async () => {
  server.close()
  await handler.drain()
})
