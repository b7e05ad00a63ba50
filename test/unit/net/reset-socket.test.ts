import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { resetSocket } from '../../../src/net/reset-socket.ts'
import { until } from '../../support/until.ts'

for (const [name, dial] of [
  ['a connection', (port: number): Socket => connect(port, '127.0.0.1')],
  ['a TLS connection', (port: number): Socket => tls.connect({ port, host: '127.0.0.1' })],
] as const) {
  test(`${name} that is cut while Node.js takes it for incomplete is reset`, async (t) => {
    const ends: string[] = []
    const server = createServer((accepted) => {
      accepted.on('error', ({ code = '' }: NodeJS.ErrnoException) => ends.push(code))
      accepted.on('end', () => ends.push('end')).resume()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    for (let count = 1; count <= 20; count++) {
      const dialled = dial(port).on('error', () => {})
      process.nextTick(() => resetSocket(dialled))
      await once(dialled, 'close')
      await until('the server sees its end', () => ends.length === count)
    }
    assert.deepEqual(new Set(ends), new Set(['ECONNRESET']))
  })
}
