// A web server that answers with a hundred bytes, joined to its peers or not: `node joined-server.js OPTIONS`,
// started by ../hand-over.ts.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { joinPeers } from '../../src/peer/index.ts'

export interface JoinedServerOptions {
  /** 0: any. */
  readonly port: number
  /** `undefined`: it knows nothing of peers. */
  readonly candidacy: string | undefined
  readonly group: string
  readonly key: string | undefined
}

const options: JoinedServerOptions = JSON.parse(process.argv[2] ?? '{}')
const { candidacy, group, key, port } = options
const body = Buffer.alloc(100, 'x')

const server = createServer((_request, response) => {
  response.setHeader('Content-Length', body.length)
  response.end(body)
}).listen(port, '127.0.0.1', async () => {
  if (candidacy !== undefined) {
    await joinPeers(server, {
      group,
      candidacy,
      interface: '127.0.0.1',
      name: `joined-${(server.address() as AddressInfo).port}`,
      ...(key === undefined ? { insecure: true } : { key }),
    })
  }
})
