// The probe against servers that answer, stay silent, hang up, or speak something else.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { probe } from '../../../src/net/probe.ts'

async function probed(
  serve: (socket: Socket, bytes: string) => void,
  timeoutMs = 5_000,
  type = 'http',
) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => serve(socket, bytes.toString('latin1')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await probe({ host: '127.0.0.1', port, type, timeoutMs })
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a probe', () => {
  test('sends OPTIONS * without a Host and accepts any HTTP response', async () => {
    let asked = ''
    const result = await probed((socket, bytes) => {
      asked += bytes
      socket.write('HTTP/1.1 5')
    })
    assert.equal(result.answered, true)
    assert.equal(asked, 'OPTIONS * HTTP/1.0\r\nUser-Agent: topspin\r\n\r\n')
  })

  test('assembles an answer from single bytes', async () => {
    const result = await probed((socket) => {
      for (const byte of 'HTTP/1.0 200 OK\r\n\r\n') socket.write(byte)
    })
    assert.equal(result.answered, true)
  })

  test('fails when the port speaks another protocol', async () => {
    const result = await probed((socket) => socket.write('SSH-2.0-OpenSSH'))
    assert.deepEqual(result, { answered: false, reason: 'the port does not speak HTTP' })
  })

  test('fails when the connection is closed without an answer', async () => {
    assert.equal((await probed((socket) => socket.end())).answered, false)
  })

  test('fails at its deadline', async () => {
    const result = await probed(() => {}, 30)
    assert.deepEqual(result, { answered: false, reason: 'no answer within 30 ms' })
  })

  test('gives the error code when nothing listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const result = await probe({ host: '127.0.0.1', port, type: 'http', timeoutMs: 5_000 })
    assert.deepEqual(result, { answered: false, reason: 'ECONNREFUSED' })
  })

  test('refuses unsupported types without a connection', async () => {
    const result = await probe({ host: '127.0.0.1', port: 1, type: 'gopher', timeoutMs: 5_000 })
    assert.deepEqual(result, { answered: false, reason: 'type gopher is not supported' })
  })
})

describe('a probe over AJP', () => {
  test('is CPING and CPONG, also in single bytes', async () => {
    let asked = ''
    const result = await probed(
      (socket, bytes) => {
        asked += bytes
        for (const byte of [0x41, 0x42, 0x00, 0x01, 0x09]) socket.write(Buffer.of(byte))
      },
      5_000,
      'ajp',
    )
    assert.deepEqual(result, { answered: true, reason: 'answered' })
    assert.equal(asked, '\x12\x34\x00\x01\x0a')
  })

  for (const answer of ['\x41\x42\x00\x01\x08', '\x12\x34\x00\x01\x09', 'HTTP/1.1 400 \r\n\r\n']) {
    test(`takes ${JSON.stringify(answer)} for no answer`, async () => {
      const result = await probed((socket) => socket.write(answer, 'latin1'), 5_000, 'ajp')
      assert.deepEqual(result, { answered: false, reason: 'the port does not speak AJP' })
    })
  }
})
