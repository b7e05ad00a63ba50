// A server that joins a cluster, for scenes: it answers `/slow` when it is told to, anything else at once.

import { once } from 'node:events'
import {
  type Agent,
  createServer,
  globalAgent,
  type RequestListener,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface NodeServer {
  readonly server: Server
  readonly port: number
  /** Responses to `/slow` that wait. */
  readonly slow: ServerResponse[]
}

export async function startNode(t: TestContext, handler?: RequestListener): Promise<NodeServer> {
  const slow: ServerResponse[] = []
  const usual: RequestListener = (req, res) => {
    if (req.url === '/slow') slow.push(res)
    else res.end('done')
  }
  const server = createServer(handler ?? usual)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port, slow }
}

export interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

export function get(
  port: number,
  path: string = '/',
  headers: Record<string, string> = {},
  agent: Agent = globalAgent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
      let text = ''
      response.on('data', (part) => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
