// Hostile bytes to a running control listener: a valid reply or the end of that connection, no change without a 200, and the
// next node is served as before.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type ControlBench, controlBench } from '../support/control-bench.ts'
import { exchange, sendMessage } from '../support/control-client.ts'

let bench: ControlBench
before(async () => {
  bench = await controlBench({ limits: { messageBytesMax: 2_000 } })
})
after(() => bench.control.close())

const message = fc.constantFrom(
  ['CONFIG', '/', 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http&Alias=x,y&Context=/1,/2'],
  ['ENABLE-APP', '/', 'JVMRoute=a&Alias=x&Context=/1'],
  ['STOP-APP', '/*', 'JVMRoute=a'],
  ['REMOVE-APP', '/*', 'JVMRoute=a'],
  ['STATUS', '/', 'JVMRoute=a&Load=50'],
  ['PING', '/', 'JVMRoute=a'],
  ['INFO', '/', ''],
)
const bytesOf = ([method, target, body = '']: readonly string[], chunked: boolean): Buffer =>
  Buffer.from(
    chunked && body !== ''
      ? `${method} ${target} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      : `${method} ${target} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )

async function attack(bytes: Buffer): Promise<void> {
  const version = bench.registry.snapshot.version
  const text = await exchange(bench.port, [bytes])
  assert.ok(text === '' || /^HTTP\/1\.1 (200|400|404|413|431|500|501|505) /.test(text), text)
  if (/^HTTP\/1\.1 500 /.test(text))
    assert.match(text, /\r\nType: (SYNTAX|MEM)\r\nMess: [ -~]+\r\n/)
  if (!text.includes('HTTP/1.1 200 '))
    assert.equal(bench.registry.snapshot.version, version, 'changed without a 200')
  assert.match((await sendMessage(bench.port, 'PING')).body, /State=OK/)
}

test('mutated messages', async () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(message, fc.boolean(), mutations, async (parts, chunked, changes) => {
      const bytes = bytesOf(parts, chunked)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      await attack(bytes)
    }),
    { numRuns: 150 },
  )
})

test('truncated and lengthened messages', async () => {
  await fc.assert(
    fc.asyncProperty(
      message,
      fc.boolean(),
      fc.nat(),
      fc.uint8Array({ maxLength: 3_000 }),
      async (parts, chunked, cut, tail) => {
        const bytes = bytesOf(parts, chunked)
        await attack(Buffer.concat([bytes.subarray(0, cut % (bytes.length + 1)), tail]))
      },
    ),
    { numRuns: 100 },
  )
})

test('bodies of arbitrary text, some too long', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ minLength: 1_900, maxLength: 2_100 }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('CONFIG', 'STATUS', 'ENABLE-APP', 'PING'),
      text,
      async (method, more) => {
        const body = Buffer.from(`JVMRoute=a&${more}`)
        await attack(
          Buffer.concat([
            Buffer.from(`${method} / HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`),
            body,
          ]),
        )
      },
    ),
    { numRuns: 60 },
  )
})
