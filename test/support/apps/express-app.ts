// A plain Express application for the scenes of `topspin/auto`; says its port on standard output.

import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

interface Express extends RequestListener {
  get(path: string, handler: RequestListener): void
}

const express: () => Express = createRequire(import.meta.url)('express')
const app = express()
app.get('/', (_request, response) => {
  response.end('express')
})
app.get('/slow', (_request, response) => {
  setTimeout(() => response.end('slow'), 500)
})
const server = createServer(app)
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`)
})
