// Servers of an API that do not behave.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ApiClient } from '../../../../src/server/sources/api-client.ts'

/** A server that answers each request with these bytes, and ends the connection unless it is to stay open. */
async function client(t: TestContext, bytes: string, staysOpen: boolean): Promise<ApiClient> {
  const server = createServer((socket) => {
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    socket.once('data', () => (staysOpen ? socket.write(bytes) : socket.end(bytes)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return new ApiClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

const { signal } = new AbortController()
const head = (line: string, ...fields: string[]): string =>
  [`HTTP/1.1 ${line}`, ...fields, '', ''].join('\r\n')

const answers: readonly (readonly [what: string, bytes: string, reason: RegExp])[] = [
  ['nothing', '', /hang up/],
  ['no HTTP', 'SSH-2.0-x\r\n\r\n', /Parse Error/],
  [
    'another protocol',
    head('101 Switching Protocols', 'Connection: upgrade', 'Upgrade: x'),
    /without an answer/,
  ],
  ['a redirect', head('302 Found', 'Location: /y', 'Content-Length: 0'), /answers 302/],
  ['an error', `${head('500 Error', 'Content-Length: 4')}oops`, /answers 500: oops/],
]

for (const staysOpen of [false, true])
  for (const [what, bytes, reason] of answers)
    if (bytes !== '' || !staysOpen)
      test(`${what} is a failure${staysOpen ? ', on a connection that stays' : ''}`, async (t) => {
        const api = await client(t, bytes, staysOpen)
        await assert.rejects(api.json('/', signal, 2_000), reason)
        await assert.rejects(api.lines('/', signal, 2_000), reason)
      })

test('an answer that does not end is late', async (t) => {
  const api = await client(t, `${head('200 OK', 'Content-Length: 9')}[`, true)
  await assert.rejects(api.json('/', signal, 200), /no answer within 200 ms/)
})
