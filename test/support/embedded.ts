// Servers for scenes of `topspin/handler` and `createTopspin`: nodes that tell what they got, and servers in front of them.

import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createHandler, type Handler, type HandlerOptions } from '../../src/handler.ts'

/** @returns its `HOST:PORT`. */
export async function listening(t: TestContext, server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A node; by default it answers with its name and what it got. */
export function node(t: TestContext, name: string, listener?: RequestListener): Promise<string> {
  const report: RequestListener = async (request, response) => {
    let bytes = 0
    for await (const piece of request) bytes += (piece as Buffer).length
    response.setHeader('X-Node', name)
    response.end(JSON.stringify({ name, method: request.method, url: request.url, bytes }))
  }
  return listening(t, createServer(listener ?? report))
}

/** A handler that is closed after the test. */
export function handlerOf(t: TestContext, options: HandlerOptions): Handler {
  const handler = createHandler(options)
  t.after(() => handler.close())
  return handler
}

/** A server of node:http that forwards everything. @returns its `HOST:PORT`. */
export async function frontOf(t: TestContext, handler: Handler): Promise<string> {
  const server = createServer(handler.handle)
  server.on('upgrade', handler.upgrade)
  return listening(t, server)
}
