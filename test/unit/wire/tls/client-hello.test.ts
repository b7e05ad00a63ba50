import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { HelloRecords } from '../../../../src/net/hello-records.ts'
import { type ClientHello, readClientHello } from '../../../../src/wire/tls/client-hello.ts'
import { clientHello } from '../../../support/client-hello.ts'

async function messageOf(t: TestContext, options: object): Promise<Buffer> {
  const records = new HelloRecords()
  records.add(await clientHello(t, options))
  return records.message
}

const read = async (t: TestContext, options: object): Promise<ClientHello> =>
  readClientHello(await messageOf(t, options)) as ClientHello

test('what a client of Node.js asks for is read', async (t) => {
  const hello = await read(t, { servername: 'Shop.EXAMPLE', ALPNProtocols: ['h2', 'http/1.1'] })
  assert.equal(hello.serverName, 'shop.example')
  assert.deepEqual(hello.protocols, ['h2', 'http/1.1'])
  assert.equal(hello.isTls13, true)
  assert.ok(hello.signatureSchemes.includes(0x0403), 'ecdsa_secp256r1_sha256')
  assert.ok(hello.cipherSuites.includes(0x1301), 'TLS_AES_128_GCM_SHA256')
})

test('what a client does not say is not there', async (t) => {
  const hello = await read(t, { maxVersion: 'TLSv1.2', sigalgs: 'RSA+SHA256' })
  assert.deepEqual(
    [hello.serverName, hello.protocols, hello.isTls13, hello.signatureSchemes],
    [undefined, [], false, [0x0401]],
  )
})

test('a final dot of the name is left out', async (t) => {
  assert.equal((await read(t, { servername: 'shop.example.' })).serverName, 'shop.example')
})

test('a message without extensions is read', () => {
  const message = Buffer.concat([
    Buffer.from([1, 0, 0, 41, 3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]),
  ])
  assert.deepEqual(readClientHello(message)?.cipherSuites, [0x1301])
  assert.deepEqual(readClientHello(message)?.signatureSchemes, [])
})

test('a message that is cut or changed anywhere is read or refused, and nothing else happens', async (t) => {
  const message = await messageOf(t, { servername: 'shop.example', ALPNProtocols: ['h2'] })
  for (let length = 0; length < message.length; length++)
    assert.equal(readClientHello(message.subarray(0, length)), undefined)
  fc.assert(
    fc.property(fc.nat(message.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(message)
      changed[at] = byte
      const hello = readClientHello(changed)
      assert.ok(hello === undefined || Array.isArray(hello.signatureSchemes))
    }),
    { numRuns: 2_000 },
  )
})
