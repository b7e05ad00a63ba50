// An ordinary server, used by local-cluster.js and compose.yaml.

import { createServer } from 'node:http'

const { HOST = '127.0.0.1', PORT = '3000', TOPSPIN_ROUTE = 'this server' } = process.env

createServer((_request, response) => response.end(`served by ${TOPSPIN_ROUTE}\n`)).listen(
  Number(PORT),
  HOST,
)
