// From a request to the bytes of its response, without a listener.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admission } from '../../../src/control/admission.ts'
import type { Caller } from '../../../src/control/caller.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import { MessageHandler } from '../../../src/control/message-handler.ts'
import { Pages } from '../../../src/control/pages.ts'
import { Responder } from '../../../src/control/responder.ts'
import { Trends } from '../../../src/control/trends.ts'
import type { ControlBenchOptions } from '../../support/control-bench.ts'
import { controlFixture, framedRequest } from '../../support/control-fixture.ts'

const node: Caller = { remote: '10.0.0.7', acceptsMessages: true }

function bench(options: ControlBenchOptions = {}) {
  const { settings, log } = controlFixture(options)
  const counts = new ControlCounts()
  const admission = new Admission(settings, counts)
  const messages = new MessageHandler(settings)
  const pages = new Pages(settings, counts, messages, new Trends(settings))
  const responder = new Responder(settings, messages, pages, counts, admission)
  admission.admitConnection(node.remote)
  const respond = async (line: string, fields: string[] = [], caller: Caller = node) => {
    const { bytes, keepAlive } = await responder.respond(framedRequest(line, fields), caller)
    return { text: Buffer.from(bytes).toString(), keepAlive }
  }
  return { respond, responder, admission, counts, pages, log }
}

test('a message gets an MCMP reply on a connection that stays open, and is counted', async () => {
  const { respond, counts } = bench()
  const { text, keepAlive } = await respond('PING / HTTP/1.1')
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*State=OK/)
  assert.equal(keepAlive, true)
  assert.deepEqual(counts.messages, new Map([['PING', new Map([['OK', 1]])]]))
})

test('a refused message closes the connection, is counted by type and logged', async () => {
  const { respond, counts, log } = bench()
  const { text, keepAlive } = await respond('STATUS / HTTP/1.1')
  assert.match(text, /^HTTP\/1\.1 500 Internal Server Error\r\n[\s\S]*Type: SYNTAX\r\n/)
  assert.equal(keepAlive, false)
  assert.deepEqual(counts.messages, new Map([['STATUS', new Map([['SYNTAX', 1]])]]))
  assert.deepEqual(log.messages, ['message refused'])
})

test('on the listener for pages alone a message is an unknown method', async () => {
  const { respond } = bench()
  const { text } = await respond('PING / HTTP/1.1', [], { ...node, acceptsMessages: false })
  assert.match(text, /^HTTP\/1\.1 501 Not Implemented\r\n/)
})

test('without the secret pages answer 401 and messages MEM, except the health checks', async () => {
  const { respond, counts } = bench({ access: { secret: 'open-sesame' } })
  assert.match((await respond('GET /metrics HTTP/1.1')).text, /^HTTP\/1\.1 401 Unauthorized\r\n/)
  assert.match((await respond('PING / HTTP/1.1')).text, /\r\nType: MEM\r\n/)
  assert.match((await respond('GET /livez HTTP/1.1')).text, /^HTTP\/1\.1 200 OK\r\n/)
  assert.equal(counts.refusals.get('secret'), 2)
})

test('a page stays on its connection, except on a port that is shared with the traffic', async () => {
  const line = 'GET /livez HTTP/1.1'
  assert.equal((await bench().respond(line)).keepAlive, true)
  assert.equal((await bench({ traffic: { accept: () => {} } }).respond(line)).keepAlive, false)
})

test('too many requests in progress from one address are refused in the grammar of the sender', async () => {
  const { respond, admission } = bench({ limits: { sourceMessagesMax: 1 } })
  admission.admitRequest(node.remote)
  assert.match((await respond('PING / HTTP/1.1')).text, /\r\nType: MEM\r\n/)
  assert.match((await respond('GET /livez HTTP/1.1')).text, /^HTTP\/1\.1 503 /)
  admission.releaseRequest(node.remote)
  assert.match((await respond('GET /livez HTTP/1.1')).text, /^HTTP\/1\.1 200 /)
})

test('a message that is too long is a syntax error for a node, and 413 for a program', () => {
  const { responder } = bench()
  const respond = (method: string): string =>
    Buffer.from(
      responder.respondToProblem({ kind: 'problem', status: 413, method, text: 'too long' }, ''),
    ).toString()
  assert.match(respond('CONFIG'), /\r\nMess: SYNTAX: Message too big\r\n/)
  assert.match(respond('GET'), /^HTTP\/1\.1 413 Content Too Large\r\n/)
})

test('a proxy that drains is not ready, but alive', async () => {
  const { respond, pages } = bench()
  assert.match((await respond('GET /readyz HTTP/1.1')).text, /^HTTP\/1\.1 200 OK\r\n/)
  pages.drain()
  assert.match((await respond('GET /readyz HTTP/1.1')).text, /^HTTP\/1\.1 503 /)
  assert.match((await respond('GET /livez HTTP/1.1')).text, /^HTTP\/1\.1 200 OK\r\n/)
})

test('an unknown page lists the known ones', async () => {
  const { text } = await bench().respond('GET /nowhere HTTP/1.1')
  assert.match(text, /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*\/api\/status/)
})
