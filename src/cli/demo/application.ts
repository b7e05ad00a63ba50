// One application of the demo, run as a process of its own: an ordinary node:http server with three contexts that
// joins the cluster through `topspin/agent`. Arguments: route, capacity in percent, control address of the proxy.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { eventLoopUse, joinCluster, type LoadMetric } from '../../agent/index.ts'
import { endWithParent, notifyParent } from './child.ts'

endWithParent()

const [route = '', capacityText = '', control = ''] = process.argv.slice(2)
const capacity = Number(capacityText) / 100
/** How long an order takes, ms. */
const orderMs = 200

const contexts = ['/', '/shop', '/api']

/** Visits by session id; a session from another node starts at 1. */
const visits = new Map<string, number>()
const sessionsMax = 10_000

const server = createServer((request, response) => {
  response.setHeader('x-node', route)
  request.resume()
  request.on('end', () => answer(request, response))
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  work(1 / capacity)
  if (request.url?.startsWith('/shop')) {
    shop(request, response)
  } else if (request.url?.startsWith('/api')) {
    api(request, response)
  } else {
    response.setHeader('content-type', 'text/plain')
    response.end(`Served by node ${route}.\nTry /shop too: your session stays on its node.\n`)
  }
}

/** Orders are slow, so that a deploy that cut one would be counted as a failure. */
function api(request: IncomingMessage, response: ServerResponse): void {
  const finish = (): void => {
    response.setHeader('content-type', 'application/json')
    response.end(`${JSON.stringify({ node: route, method: request.method })}\n`)
  }
  if (request.method === 'POST') setTimeout(finish, orderMs)
  else finish()
}

function shop(request: IncomingMessage, response: ServerResponse): void {
  const session =
    /\bJSESSIONID=([\w-]+)\./.exec(request.headers.cookie ?? '')?.[1] ?? crypto.randomUUID()
  const count = (visits.get(session) ?? 0) + 1
  if (visits.size >= sessionsMax) visits.clear()
  visits.set(session, count)
  response.setHeader('set-cookie', `JSESSIONID=${session}.${route}; Path=/; HttpOnly`)
  response.setHeader('content-type', 'text/plain')
  response.end(`Visit ${count} of your session on node ${route}.\n`)
}

/** Keeps the processor busy for this many milliseconds, as rendering a page would. */
function work(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end) Math.sqrt(end)
}

/** A custom metric: the share of a full node that this one lacks counts as busy. */
const lack: LoadMetric = { name: 'lack', weight: 9, read: () => 1 - capacity }

server.listen(0, '127.0.0.1')
await joinCluster(server, {
  route,
  contexts,
  proxies: [control],
  metrics: [eventLoopUse(), lack],
  reportIntervalMs: 1_000,
  required: true,
  signals: true,
})
notifyParent({ ready: true })
