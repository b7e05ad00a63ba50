import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, Socket } from 'node:net'
import { test } from 'node:test'
import { isUntouched, readerOf } from '../../../src/node-internals/node-reader.ts'

test('the reader of a server is the listener that Node.js gave it', () => {
  const server = createServer()
  server.prependListener('connection', () => {})
  assert.equal(readerOf(server), server.listeners('connection')[1])
  server.removeAllListeners('connection')
  server.on('connection', () => {})
  assert.equal(readerOf(server), undefined)
})

test('servers that speak TLS, or no HTTP, have none', () => {
  assert.equal(readerOf(createSecureServer()), undefined)
  assert.equal(readerOf(createTcpServer()), undefined)
})

test('a socket without a connection is left alone', () => {
  assert.equal(isUntouched(new Socket()), false)
})
