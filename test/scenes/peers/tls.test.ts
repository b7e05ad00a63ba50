// Hand-over where clients, or the hop between peers, or both speak TLS.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { Agent, createServer as createTlsServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { joinPeers } from '../../../src/peer/index.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { freePorts } from '../../support/free-ports.ts'
import { until } from '../../support/until.ts'

const large = Buffer.alloc(2_000_000, 'topspin ')

const far: RequestListener = async (req, res) => {
  let length = 0
  for await (const piece of req) length += piece.length
  if (req.url === '/large') {
    res.end(large)
    return
  }
  const { remotePort } = req.socket
  const encrypted = 'encrypted' in req.socket && req.socket.encrypted
  res.end(
    JSON.stringify({
      by: 'far',
      length,
      remotePort,
      encrypted,
      proto: req.headers['x-forwarded-proto'],
    }),
  )
}

async function listens(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

for (const hop of ['plain', 'TLS'] as const) {
  test(`clients use TLS, and the hop to the peer is ${hop}`, { skip: noOpenssl }, async (t) => {
    const authority = new Authority()
    const pair = authority.issue()
    const [group] = await freePorts(1)
    const common = {
      group: `239.255.77.1:${group}`,
      interface: '127.0.0.1',
      key: 'what the peers of this scene share',
      periodMs: 200,
      peerTls: { ca: authority.cert },
    }
    const near = createTlsServer(pair, (_req, res) => res.end('near'))
    const other: Server = hop === 'TLS' ? createTlsServer(pair, far) : createServer(far)
    for (const [server, name] of [
      [near, 'near'],
      [other, 'far'],
    ] as const) {
      server.on('upgrade', (_req, socket, head) => {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
        )
        socket.write(`${name} `)
        socket.write(head)
        socket.pipe(socket)
      })
    }
    const port = await listens(t, near)
    await listens(t, other)
    for (const [server, candidacy] of [
      [other, 'off'],
      [near, 'byAge 5, removeSelf'],
    ] as const) {
      const peers = await joinPeers(server, { ...common, candidacy })
      t.after(() => peers.close())
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert })
    t.after(() => agent.destroy())
    const ask = (path: string, body?: Buffer): Promise<{ body: Buffer; from: number }> =>
      new Promise((resolve, reject) => {
        const method = body === undefined ? 'GET' : 'POST'
        const outgoing = request({ host: '127.0.0.1', port, path, method, agent }, (response) => {
          const parts: Buffer[] = []
          const from = response.socket.localPort ?? 0
          response.on('data', (piece) => parts.push(piece))
          response.on('end', () => resolve({ body: Buffer.concat(parts), from }))
        })
        outgoing.on('error', reject)
        outgoing.end(body)
      })
    await until('it hands over', async () => (await ask('/')).body.includes('far'))
    const posted = await ask('/', large)
    assert.deepEqual(JSON.parse(posted.body.toString()), {
      by: 'far',
      length: large.length,
      remotePort: posted.from,
      encrypted: true,
      proto: 'https',
    })
    assert.ok((await ask('/large')).body.equals(large))

    const socket = connect({ port, host: '127.0.0.1', ca: authority.cert })
    t.after(() => socket.destroy())
    let text = ''
    socket.on('data', (piece) => {
      text += piece
    })
    socket.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly',
    )
    await until('the early bytes are back', () => text.endsWith('far early'))
    socket.write(' and late')
    await until('the late bytes are back', () => text.endsWith('far early and late'))
  })
}
