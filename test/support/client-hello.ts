// The bytes of a client that begins a TLS handshake.

import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import tls from 'node:tls'

/** All that a client of Node.js with these options sends before the server answers. */
export async function clientHello(
  t: TestContext,
  options: tls.ConnectionOptions = {},
): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = tls.connect({ port, host: '127.0.0.1', ...options })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  t.after(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return bytes
}
