// The probe against servers that answer, stay silent, hang up, or speak something else.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { probe } from '../../../src/net/probe.ts'

async function probed(serve: (socket: Socket, bytes: string) => void, timeoutMs = 5_000) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => serve(socket, bytes.toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await probe({ host: '127.0.0.1', port, type: 'http', timeoutMs })
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a probe', () => {
  test('asks OPTIONS * without a Host and takes any HTTP answer for a yes', async () => {
    let asked = ''
    const result = await probed((socket, bytes) => {
      asked += bytes
      socket.write('HTTP/1.1 5')
    })
    assert.equal(result.answered, true)
    assert.equal(asked, 'OPTIONS * HTTP/1.0\r\nUser-Agent: topspin\r\n\r\n')
  })

  test('puts an answer together from single bytes', async () => {
    const result = await probed((socket) => {
      for (const byte of 'HTTP/1.0 200 OK\r\n\r\n') socket.write(byte)
    })
    assert.equal(result.answered, true)
  })

  test('takes another protocol for a no', async () => {
    const result = await probed((socket) => socket.write('SSH-2.0-OpenSSH'))
    assert.deepEqual(result, { answered: false, reason: 'what answers does not speak HTTP' })
  })

  test('takes hanging up for a no', async () => {
    assert.equal((await probed((socket) => socket.end())).answered, false)
  })

  test('does not wait beyond its deadline', async () => {
    const result = await probed(() => {}, 30)
    assert.deepEqual(result, { answered: false, reason: 'no answer within 30 ms' })
  })

  test('names the reason when nobody listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const result = await probe({ host: '127.0.0.1', port, type: 'http', timeoutMs: 5_000 })
    assert.deepEqual(result, { answered: false, reason: 'ECONNREFUSED' })
  })

  test('does not try types that are not spoken', async () => {
    const result = await probe({ host: '127.0.0.1', port: 1, type: 'ajp', timeoutMs: 5_000 })
    assert.deepEqual(result, { answered: false, reason: 'type ajp is not spoken' })
  })
})
