// An Express application that registers itself with a proxy. Start a proxy first (`topspin serve`), then
// this as often as you like, each with a port of its own.
//
//   npm install express
//   PORT=3001 node examples/express-agent.js
//   curl http://127.0.0.1:8000/shop

import express from 'express'
import { joinCluster } from 'topspin/agent'

const { PORT = '3001', PROXIES = '127.0.0.1:6666' } = process.env
const route = `shop-${PORT}`

const app = express()
// The proxy adds X-Forwarded-For and X-Forwarded-Proto: let req.ip and req.protocol use them.
app.set('trust proxy', 'loopback')

/** @type {Map<string, number>} */
const visits = new Map()

app.get('/shop', (req, res) => {
  // The proxy keeps a session on its node by the suffix `.ROUTE` of the session id.
  const cookie = /(?:^|; )JSESSIONID=([\w-]+)\./.exec(req.headers.cookie ?? '')
  const session = cookie?.[1] ?? crypto.randomUUID()
  const count = (visits.get(session) ?? 0) + 1
  visits.set(session, count)
  res.cookie('JSESSIONID', `${session}.${route}`, { httpOnly: true })
  res.send(`visit ${count} on ${route} from ${req.ip}\n`)
})

const server = app.listen(Number(PORT), '127.0.0.1')
await joinCluster(server, {
  proxies: PROXIES.split(','),
  contexts: ['/shop'],
  route,
  // SIGTERM and SIGINT: stop new sessions, finish requests, leave the cluster, exit.
  signals: true,
  // Resolve only when a proxy has registered this node, reject after 15 seconds.
  required: true,
})
console.log(`${route} has joined ${PROXIES}`)
