import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ignoreOffers, withoutOffer } from '../../../src/agent/http2-offers.ts'
import { startNode } from '../../support/node-server.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'

const head = (...rawHeaders: string[]): string | undefined =>
  withoutOffer({ method: 'GET', url: '/a', httpVersion: '1.1', rawHeaders })?.toString('latin1')

test('an offer of HTTP/2 is taken out of a head with all that belongs to it', () => {
  const offer = ['Host', 'a', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AAMAAABk']
  for (const options of ['Upgrade, HTTP2-Settings', 'http2-settings,upgrade'])
    assert.equal(head(...offer, 'Connection', options), 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(
    head(...offer, 'Connection', 'Upgrade, X, HTTP2-Settings', 'X', '\xe9'),
    'GET /a HTTP/1.1\r\nHost: a\r\nConnection: X\r\nX: \xe9\r\n\r\n',
  )
})

test('other protocols stay, in one field or in several', () => {
  for (const fields of [
    ['Upgrade', 'websocket, H2C'],
    ['Upgrade', 'h2c', 'Upgrade', 'websocket'],
  ])
    assert.equal(
      head('Host', 'a', ...fields, 'Connection', 'Upgrade, HTTP2-Settings'),
      'GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    )
  assert.equal(head('Upgrade', 'websocket', 'Connection', 'Upgrade'), undefined)
  assert.equal(head('Upgrade', 'h2c2', 'Connection', 'Upgrade'), undefined)
})

test('requests with an offer are plain ones for a server with an upgrade listener, on one connection', async (t) => {
  const upgrades: string[] = []
  const node = await startNode(t, (request, response) => {
    request.setEncoding('utf8')
    request.toArray().then((body) => response.end(`${request.url} ${body.join('')}`))
  })
  node.server.on('upgrade', (request, socket) => {
    upgrades.push(String(request.headers.upgrade))
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
  })
  const offers = ignoreOffers(node.server)
  t.after(() => offers.end())
  const client = await RawClient.connect(t, node.port)
  const offer = [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA',
  ]
  const bodyOf = async (bytes: string): Promise<string> => (await client.ask(bytes)).body.toString()
  assert.equal(await bodyOf(get('/first', ...offer)), '/first ')
  assert.equal(
    await bodyOf(post('/second', 'x'.repeat(100_000), ...offer)),
    `/second ${'x'.repeat(100_000)}`,
  )
  assert.equal(await bodyOf(get('/third')), '/third ')
  client.send(`${request('POST', '/fourth', ...offer, 'Content-Length: 11')}hello`)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await bodyOf(' world'), '/fourth hello world')
  assert.deepEqual(upgrades, [])
  const upgrade = get('/', 'Connection: Upgrade', 'Upgrade: websocket')
  assert.equal((await client.ask(upgrade)).status, 400)
  assert.deepEqual(upgrades, ['websocket'])
})

test('an offer behind a request that is still answered is left to the application', async (t) => {
  const node = await startNode(t)
  const seen: string[] = []
  node.server.on('upgrade', (request, socket) => {
    seen.push(String(request.url))
    socket.destroy()
  })
  const offers = ignoreOffers(node.server)
  t.after(() => offers.end())
  const client = await RawClient.connect(t, node.port)
  client.send(get('/slow') + get('/second', 'Connection: Upgrade', 'Upgrade: h2c'))
  await client.over()
  assert.deepEqual(seen, ['/second'])
})
