// One application server of the demo, run as a process of its own: an ordinary node:http server with
// three contexts that joins the cluster by `topspin/agent`. Its arguments: route, capacity, control address.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { joinCluster } from '../../agent/index.ts'
import { endWithParent, tellParent } from './child.ts'

endWithParent()

const [route = '', capacityText = '', control = ''] = process.argv.slice(2)
const capacity = Number(capacityText)
const contexts = ['/', '/shop', '/api']

/** Visits by session id; a session that comes from another node begins anew here. */
const visits = new Map<string, number>()
const sessionsMax = 10_000

const server = createServer((request, response) => {
  response.setHeader('x-node', route)
  request.resume()
  request.on('end', () => answer(request, response))
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  work(capacity === 100 ? 1 : 2)
  if (request.url?.startsWith('/shop')) {
    shop(request, response)
  } else if (request.url?.startsWith('/api')) {
    response.setHeader('content-type', 'application/json')
    response.end(`${JSON.stringify({ node: route, method: request.method })}\n`)
  } else {
    response.setHeader('content-type', 'text/plain')
    response.end(`Served by node ${route}.\nTry /shop too: your session stays where it is.\n`)
  }
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

server.listen(0, '127.0.0.1')
await joinCluster(server, {
  route,
  contexts,
  proxies: [control],
  reportIntervalMs: 1_000,
  signals: true,
})
tellParent({ ready: true })
