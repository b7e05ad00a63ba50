// Nodes over TLS that choose their protocol by ALPN.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import { NodeTls } from '../../../src/net/node-tls.ts'
import { probeWith } from '../../../src/net/probe.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { ask, connectHttp2 } from '../../support/http2-client.ts'
import { get } from '../../support/node-server.ts'

const skip = noOpenssl

async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Answers with the version of the request. */
async function start(t: TestContext, kind: 'h2' | 'both' | 'http/1.1') {
  const { key, cert } = selfSigned()
  const answer = (version: string): string => `over ${version}`
  if (kind === 'http/1.1') {
    const server = https.createServer({ key, cert }, (request, response) =>
      response.end(answer(request.httpVersion)),
    )
    t.after(() => server.closeAllConnections())
    return { port: await portOf(t, server), cert }
  }
  const server = http2.createSecureServer({ key, cert, allowHTTP1: kind === 'both' })
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', (session) => sessions.add(session))
  server.on('request', (request, response) => response.end(answer(request.httpVersion)))
  t.after(() => {
    for (const session of sessions) session.destroy()
  })
  return { port: await portOf(t, server), cert }
}

for (const [kind, isOn, expected] of [
  ['h2', true, 'over 2.0'],
  ['both', true, 'over 2.0'],
  ['both', false, 'over 1.1'],
  ['http/1.1', true, 'over 1.1'],
] as const)
  test(`a node with ${kind} is asked ${expected}, http2 ${isOn}`, { skip }, async (t) => {
    const node = await start(t, kind)
    const nodeTls = { ca: node.cert, http2: isOn }
    const { port, live } = await startProxy(t, [{ port: node.port, type: 'https' }], {
      nodeTls,
      retryBudget: 0,
    })
    for (let i = 0; i < 3; i++) assert.equal((await get(port)).text, expected)
    const session = await connectHttp2(t, port)
    const answer = await ask(session, { ':method': 'POST', ':path': '/' }, 'body')
    assert.equal(answer.body, expected)
    assert.equal(live(1).failures, 0)
    assert.equal(live(1).health.kind, 'up')
    const probe = probeWith(() => new NodeTls(nodeTls))
    const target = { host: '127.0.0.1', port: node.port, type: 'https', timeoutMs: 5_000 }
    const { question } = defaultCheck
    assert.equal((await probe({ ...target, probe: 'tcp', question })).answered, true)
  })
