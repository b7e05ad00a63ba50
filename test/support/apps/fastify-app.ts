// A plain Fastify application for the scenes of `topspin/auto`, with a SIGTERM handler of its own.

import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'

const app = fastify()
app.get('/', () => 'fastify')
app.get('/slow', async () => {
  await new Promise((resolve) => setTimeout(resolve, 500))
  return 'slow'
})
process.on('SIGTERM', async () => {
  await app.close()
  process.stdout.write('closed by its own handler\n')
  process.exit(7)
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`port ${(app.server.address() as AddressInfo).port}\n`)
