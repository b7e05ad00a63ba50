import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { agentLimits } from '../../../src/base/limits.ts'
import { outlastProxies } from '../../../src/net/keep-alive.ts'

const timeouts = (given: {
  keepAliveTimeout?: number
  headersTimeout?: number
  requestTimeout?: number
}) => {
  const server = Object.assign(createServer(), given)
  outlastProxies(server)
  const { keepAliveTimeout, headersTimeout, requestTimeout } = server
  return { keepAliveTimeout, headersTimeout, requestTimeout }
}

test('the default keep-alive timeout is raised above the idle timeout of proxies', () => {
  const { keepAliveTimeout, headersTimeout, requestTimeout } = timeouts({})
  assert.equal(keepAliveTimeout, agentLimits.keepAliveMs)
  assert.ok(headersTimeout > keepAliveTimeout)
  assert.ok(requestTimeout >= headersTimeout)
})

test('longer timeouts stay', () => {
  const long = { keepAliveTimeout: 1e7, headersTimeout: 2e7, requestTimeout: 3e7 }
  assert.deepEqual(timeouts(long), long)
})

test('a server without timeouts stays without them', () => {
  const none = { keepAliveTimeout: 0, headersTimeout: 5, requestTimeout: 6 }
  assert.deepEqual(timeouts(none), none)
  const { headersTimeout, requestTimeout } = timeouts({ headersTimeout: 0, requestTimeout: 0 })
  assert.deepEqual([headersTimeout, requestTimeout], [0, 0])
})
