// An Express application that forwards what is below /shop to nodes that register themselves, and answers the rest.
//
//   npm install express
//   node examples/embedding/express.js
//   PORT=3001 PROXIES=127.0.0.1:6666 node examples/express-agent.js
//   curl http://127.0.0.1:8000/shop

import express from 'express'
import { createHandler } from 'topspin/handler'

const { PORT = '8000', CONTROL = '127.0.0.1:6666' } = process.env

// The nodes have registered /shop, so they get the whole path.
const handler = createHandler({ control: { listen: CONTROL }, fullPath: true })
const app = express()
// Before body parsers: the handler sends the body as it comes.
app.use('/shop', handler.handle)
app.use(express.json())
app.get('/', (_request, response) => void response.send('the application\n'))

await handler.ready
const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`express on ${PORT}`))
server.on('upgrade', handler.upgrade)

process.once('SIGTERM', async () => {
  server.close()
  await handler.drain()
})
