// A server of node:http that forwards everything to nodes that register themselves.
//
//   node examples/embedding/http.js
//   PORT=3001 PROXIES=127.0.0.1:6666 node examples/express-agent.js
//   curl http://127.0.0.1:8000/shop

import { createServer } from 'node:http'
import { createHandler } from 'topspin/handler'

const { PORT = '8000', CONTROL = '127.0.0.1:6666' } = process.env

const handler = createHandler({ control: { listen: CONTROL } })
const server = createServer(handler.handle)
server.on('upgrade', handler.upgrade)
await handler.ready
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http on ${PORT}`))

process.once('SIGTERM', async () => {
  server.close()
  await handler.drain()
})
