// The origin for machines without nginx: node dist/bench/node-origin.js FOLDER PORT...
// Slower than nginx, so requests per second are bounded by it; the cost of a proxy is not.

import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { resources } from './support/origin.ts'

const [folder = '.', ...ports] = process.argv.slice(2)
const bodies = new Map(
  Object.keys(resources).map((path) => [path, readFileSync(join(folder, path))]),
)

for (const port of ports) {
  const server = createServer({ keepAliveTimeout: 3_600_000 }, answer)
  server.listen(Number(port), '127.0.0.1', 4096)
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? ''
  const body = bodies.get(path)
  if (body !== undefined) send(response, body)
  else if (path === '/echo') send(response, echo(request))
  else if (path === '/post') request.resume().on('end', () => send(response, 'done'))
  else response.writeHead(404).end()
}

function echo(request: IncomingMessage): string {
  const names = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']
  const values = names.map((name) => request.headers[name] ?? '')
  return [request.socket.localPort, ...values].join(' ')
}

function send(response: ServerResponse, body: Buffer | string): void {
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.setHeader('Content-Type', 'application/octet-stream')
  response.end(body)
}
