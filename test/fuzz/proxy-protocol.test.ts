// PROXY headers: what is written is read back in any pieces, and any other bytes are refused or read, without an exception.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalAddress } from '../../src/wire/proxy-protocol/address.ts'
import { HeaderReader } from '../../src/wire/proxy-protocol/header-reader.ts'
import { proxyHeader } from '../../src/wire/proxy-protocol/write.ts'
import { headerV2 } from '../support/proxy-headers.ts'

const port = fc.integer({ min: 0, max: 65_535 })
const ends = (host: fc.Arbitrary<string>) =>
  fc.record({
    source: fc.record({ host, port }),
    destination: fc.record({ host, port }),
  })

/** Feeds the pieces that `cuts` make of the bytes. @returns the header and all bytes behind it. */
function readInPieces(bytes: Buffer, cuts: readonly number[]) {
  const reader = new HeaderReader()
  let at = 0
  for (const cut of [...cuts.map((share) => Math.floor(share * bytes.length)), bytes.length].sort(
    (a, b) => a - b,
  )) {
    const found = reader.add(bytes.subarray(at, cut))
    at = cut
    if (found !== undefined)
      return { result: found.result, rest: Buffer.concat([found.rest, bytes.subarray(at)]) }
  }
  return undefined
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 })
const version = fc.constantFrom('v1' as const, 'v2' as const)
const body = fc.uint8Array({ maxLength: 100 })

test('a written header is read back, with the bytes behind it', () => {
  const client = fc.oneof(ends(fc.ipV4()), ends(fc.ipV6().map(canonicalAddress)))
  fc.assert(
    fc.property(version, client, body, cuts, (of, given, behind, at) => {
      const header = proxyHeader(of, given)
      const found = readInPieces(Buffer.concat([header, behind]), at)
      assert.ok(found?.result.kind === 'tcp', header.toString('latin1'))
      const { source, destination } = found.result
      assert.deepEqual([source.port, destination.port], [given.source.port, given.destination.port])
      // Written again, it is the same: addresses have one form.
      assert.deepEqual(proxyHeader('v2', { source, destination }), proxyHeader('v2', given))
      assert.deepEqual(found.rest, Buffer.from(behind))
    }),
  )
})

test('any bytes are refused or read, whatever pieces they come in', () => {
  const lineParts = fc.constantFrom(
    'PROXY ',
    'TCP4',
    'TCP6',
    'UNKNOWN',
    ' ',
    '1.2.3.4',
    '::1',
    '80',
    '\r',
    '\n',
    '\0',
    'x'.repeat(60),
  )
  const line = fc.array(lineParts).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  const byte = fc.integer({ min: 0, max: 255 })
  const binary = fc
    .tuple(
      fc.oneof(fc.constant(0x21), byte),
      fc.oneof(fc.constantFrom(0x11, 0x21, 0x31), byte),
      fc.uint8Array({ maxLength: 400 }),
    )
    .map(([command, family, rest]) => headerV2(command, family, Buffer.from(rest)))
  const junk = fc.uint8Array().map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof(line, binary, junk), cuts, (bytes, at) => {
      const whole = readInPieces(bytes, [])
      const found = readInPieces(bytes, at)
      assert.deepEqual(found?.result, whole?.result)
      if (found !== undefined && found.result.kind !== 'invalid')
        assert.deepEqual(found.rest, whole?.rest)
    }),
  )
})
