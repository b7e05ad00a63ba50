// The probe against servers that answer, stay silent, hang up, or speak something else.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import { type ProbeTarget, probe } from '../../../src/net/probe.ts'

const http: Omit<ProbeTarget, 'port'> = {
  host: '127.0.0.1',
  type: 'http',
  probe: 'http',
  question: { ...defaultCheck.question, expect: [[200, 399]] },
  timeoutMs: 5_000,
}

async function probed(
  serve: (socket: Socket, bytes: string) => void,
  check: Partial<ProbeTarget> = {},
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
    return await probe({ ...http, port, ...check })
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a probe', () => {
  test('sends a request and accepts an expected status', async () => {
    let asked = ''
    const result = await probed((socket, bytes) => {
      asked += bytes
      socket.write('HTTP/1.1 204 No Content\r\n')
    })
    assert.deepEqual(result, { answered: true, reason: 'answered' })
    assert.match(asked, /^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/)
  })

  test('refuses an answer without an end', async () => {
    const result = await probed((socket) => socket.write(`HTTP/1.1 100 ${'x'.repeat(20_000)}`))
    assert.match(result.reason, /no final response/)
  })

  test('assembles an answer from single bytes', async () => {
    const result = await probed((socket) => {
      for (const byte of 'HTTP/1.0 200 OK\r\n\r\n') socket.write(byte)
    })
    assert.equal(result.answered, true)
  })

  test('fails when the port speaks another protocol', async () => {
    const result = await probed((socket) => socket.write('SSH-2.0-OpenSSH'))
    assert.deepEqual(result, {
      answered: false,
      reason: 'the port does not speak HTTP',
    })
  })

  test('fails when the connection is closed without an answer', async () => {
    assert.equal((await probed((socket) => socket.end())).answered, false)
  })

  test('fails at its deadline', async () => {
    const result = await probed(() => {}, { timeoutMs: 30 })
    assert.deepEqual(result, {
      answered: false,
      reason: 'no answer within 30 ms',
      late: 'answer',
    })
  })

  test('gives the error code when nothing listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const result = await probe({ ...http, port })
    assert.deepEqual(result, {
      answered: false,
      reason: 'ECONNREFUSED',
      unreachable: true,
    })
  })

  test('refuses unsupported types without a connection', async () => {
    const result = await probe({ ...http, port: 1, type: 'gopher' })
    assert.deepEqual(result, { answered: false, reason: 'type gopher is not supported' })
  })
})

describe('a probe by a connection', () => {
  test('succeeds when a server accepts it, whatever it sends, and sends nothing itself', async () => {
    let asked = ''
    const result = await probed(
      (_, bytes) => {
        asked += bytes
      },
      { probe: 'tcp' },
    )
    assert.deepEqual(result, { answered: true, reason: 'connected' })
    assert.equal(asked, '')
  })

  test('succeeds when the handshake is late, and fails when the handshake fails', async () => {
    const secure = { probe: 'tcp', type: 'https', timeoutMs: 50 } as const
    assert.equal((await probed(() => {}, secure)).answered, true)
    const plain = await probed((socket) => socket.end('HTTP/1.0 400 x\r\n\r\n'), {
      ...secure,
      timeoutMs: 5_000,
    })
    assert.deepEqual([plain.answered, plain.unreachable], [false, true])
  })
})

describe('a probe over AJP', () => {
  const ajp = { type: 'ajp', probe: 'cping' } as const

  test('is CPING and CPONG, also in single bytes', async () => {
    let asked = ''
    const result = await probed((socket, bytes) => {
      asked += bytes
      for (const byte of [0x41, 0x42, 0x00, 0x01, 0x09]) socket.write(Buffer.of(byte))
    }, ajp)
    assert.deepEqual(result, { answered: true, reason: 'answered' })
    assert.equal(asked, '\x12\x34\x00\x01\x0a')
  })

  for (const answer of ['\x41\x42\x00\x01\x08', '\x12\x34\x00\x01\x09', 'HTTP/1.1 400 \r\n\r\n']) {
    test(`takes ${JSON.stringify(answer)} for no answer`, async () => {
      const result = await probed((socket) => socket.write(answer, 'latin1'), ajp)
      assert.deepEqual(result, {
        answered: false,
        reason: 'the port does not speak AJP',
      })
    })
  }
})
