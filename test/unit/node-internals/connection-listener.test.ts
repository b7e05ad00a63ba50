import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { test } from 'node:test'
import {
  connectionListenerOf,
  probeConnectionListener,
  replaceListener,
} from '../../../src/node-internals/connection-listener.ts'

test('all HTTP servers share the listener that parses connections', () => {
  assert.equal(probeConnectionListener(), true)
})

test('it is found among listeners of the application', () => {
  const server = createServer()
  server.prependListener('connection', () => {})
  assert.equal(connectionListenerOf(server), server.listeners('connection')[1])
  server.removeAllListeners('connection')
  server.on('connection', () => {})
  assert.equal(connectionListenerOf(server), undefined)
})

test('servers that speak TLS, or no HTTP, have none', () => {
  assert.equal(connectionListenerOf(createSecureServer()), undefined)
  assert.equal(connectionListenerOf(createTcpServer()), undefined)
})

test('a listener is replaced in its place', () => {
  const server = createServer()
  const own = connectionListenerOf(server)
  assert.ok(own !== undefined)
  const [before, after, ours] = [() => {}, () => {}, () => {}]
  server.prependListener('connection', before)
  server.on('connection', after)
  replaceListener(server, own, ours)
  assert.deepEqual(server.listeners('connection'), [before, ours, after])
})
