import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applyChange, emptySnapshot, type Snapshot } from '../../../src/cluster/snapshot.ts'
import { isForTraffic } from '../../../src/control/first-request.ts'
import { clusterOf, contextOf } from '../../support/cluster-fixture.ts'

const decide = (text: string, snapshot: Snapshot = emptySnapshot): boolean | undefined =>
  isForTraffic(Buffer.from(text, 'latin1'), snapshot)
const withRoot = clusterOf([{ port: 1, contexts: [contextOf('/')] }]).reduce(
  applyChange,
  emptySnapshot,
)

describe('the traffic receives', () => {
  for (const line of [
    'GET /shop HTTP/1.1',
    'POST /shop?x HTTP/1.1',
    'GET http://shop.test/a HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /livez/x HTTP/1.0',
    'STATUS-RSP /x HTTP/1.1',
  ])
    test(line, () => assert.equal(decide(`${line}\r\n`), true))
})

describe('the control listener keeps', () => {
  for (const line of [
    'CONFIG / HTTP/1.1',
    'config /* HTTP/1.0',
    'STATUS //* HTTP/1.1',
    'GET /livez HTTP/1.1',
    'GET http://proxy:80/metrics HTTP/1.1',
    'GET /mod_cluster-manager?refresh=10 HTTP/1.1',
    'POST /mod_cluster_manager HTTP/1.1',
    'GET / HTTP/1.1',
    'GET /shop HTTP/2.0',
    'no http',
    '\u0016\u0003\u0001',
  ])
    test(JSON.stringify(line), () =>
      assert.equal(decide(`${line}\r\n\n`), line === '' ? undefined : false),
    )
})

test('a request for / goes to an application at the root, if there is one', () => {
  assert.equal(decide('GET / HTTP/1.1\r\n', withRoot), true)
  assert.equal(decide('GET /?a HTTP/1.1\r\n', withRoot), true)
  assert.equal(decide('GET /livez HTTP/1.1\r\n', withRoot), false)
})

test('the decision waits for the whole first line, up to a limit', () => {
  const line = 'GET /shop HTTP/1.1\r\n'
  for (let length = 0; length < line.length - 1; length++)
    assert.equal(decide(line.slice(0, length)), undefined)
  assert.equal(decide('\r\nGET /shop HTTP/1.1\r\n'), true)
  assert.equal(decide(`GET /${'x'.repeat(20_000)}`), false)
})
