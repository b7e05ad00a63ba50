import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proxyProtocolLimits } from '../../../../src/base/limits.ts'
import { HeaderReader } from '../../../../src/wire/proxy-protocol/header-reader.ts'
import { ends4, headerV2, tcp4V2, value } from '../../../support/proxy-headers.ts'

const read = (bytes: Buffer | string) =>
  new HeaderReader().add(Buffer.from(bytes as string, 'latin1'))

const resultOf = (bytes: Buffer | string) => read(bytes)?.result

function reasonOf(bytes: Buffer | string): string {
  const result = resultOf(bytes)
  return result?.kind === 'invalid' ? result.reason : `none, but ${JSON.stringify(result)}`
}

const client = {
  kind: 'tcp',
  isSecure: false,
  source: { host: '192.0.2.1', port: 4_000 },
  destination: { host: '198.51.100.2', port: 443 },
}

const line4 = 'PROXY TCP4 192.0.2.1 198.51.100.2 4000 443\r\n'

test('version 1 names the client and the address that it connected to', () => {
  assert.deepEqual(resultOf(line4), client)
  assert.deepEqual(resultOf('PROXY TCP6 2001:DB8:0:0::1 ::ffff:1.2.3.4 1 65535\r\n'), {
    kind: 'tcp',
    isSecure: false,
    source: { host: '2001:db8::1', port: 1 },
    destination: { host: '::ffff:1.2.3.4', port: 65_535 },
  })
})

test('what follows UNKNOWN does not count', () => {
  const unknown = { kind: 'unknown', isSecure: false }
  for (const line of [
    'PROXY UNKNOWN\r\n',
    'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n',
    'PROXY UNKNOWN \r\n',
  ])
    assert.deepEqual(resultOf(line), unknown, line)
})

test('an invalid line of version 1 is refused', () => {
  for (const line of [
    'PROXY TCP5 192.0.2.1 198.51.100.2 4000 443\r\n',
    'PROXY UNKNOWNX\r\n1234567',
    'PROXY TCP4 192.0.2.1 198.51.100.2 4000\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 4000 443 \r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.2 4000 443\r\n',
    'PROXY TCP4 192.0.2.1\t198.51.100.2 4000 443\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.2 4000 443\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 4000 443\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.2 4000 443\r\n',
    'PROXY TCP6 fe80::1%eth0 fe80::2 4000 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 04000 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 4000 443\n',
    `PROXY TCP4 ${'1'.repeat(100)}`,
    `PROXY UNKNOWN ${' '.repeat(92)}\r\n`,
  ])
    assert.equal(resultOf(line)?.kind, 'invalid', line)
  assert.equal(resultOf(`PROXY UNKNOWN ${' '.repeat(91)}\r\n`)?.kind, 'unknown')
})

test('a connection that begins without a header is found at its first byte', () => {
  for (const bytes of [
    'G',
    'GET / HTTP/1.1\r\n',
    'PROXZ',
    'proxy TCP4',
    '\r\n\r\nGET',
    '\x16\x03\x01',
  ])
    assert.match(reasonOf(bytes), /begins without one/)
})

test('version 2 names the client, over IPv4 and IPv6', () => {
  assert.deepEqual(resultOf(tcp4V2), client)
  const [from, to] = ['20010db8000000000000000000000001', '00000000000000000000ffff01020304']
  const ends6 = Buffer.from(`${from}${to}00500051`, 'hex')
  assert.deepEqual(resultOf(headerV2(0x21, 0x21, ends6)), {
    kind: 'tcp',
    isSecure: false,
    source: { host: '2001:db8::1', port: 80 },
    destination: { host: '::ffff:1.2.3.4', port: 81 },
  })
})

test('version 2 has clients on unix sockets, unknown ones, and connections of the proxy itself', () => {
  const kindOf = (...header: Parameters<typeof headerV2>) => resultOf(headerV2(...header))?.kind
  assert.equal(kindOf(0x21, 0x31, Buffer.alloc(216)), 'unix')
  assert.equal(kindOf(0x21, 0x00, Buffer.alloc(0)), 'unknown')
  assert.equal(kindOf(0x21, 0x12, ends4), 'unknown', 'datagrams')
  assert.equal(kindOf(0x20, 0x00, Buffer.alloc(0)), 'local')
  assert.equal(kindOf(0x20, 0xff, Buffer.alloc(300)), 'local', 'the rest does not count')
})

test('additional values are skipped, but for TLS of the client', () => {
  const withValues = (...values: Buffer[]) =>
    resultOf(headerV2(0x21, 0x11, Buffer.concat([ends4, ...values])))
  const alpn = value(0x01, Buffer.from('h2'))
  const others = [alpn, value(0x04, Buffer.alloc(0)), value(0xea, Buffer.alloc(500))]
  assert.deepEqual(withValues(...others), client)
  const ssl = (flags: number) => value(0x20, Buffer.from([flags, 0, 0, 0, 0]))
  assert.deepEqual(withValues(alpn, ssl(0x07), alpn), { ...client, isSecure: true })
  assert.deepEqual(withValues(ssl(0x06)), client)
  assert.deepEqual(withValues(value(0x20, Buffer.alloc(0))), client)
})

test('a checksum is verified', () => {
  // As HAProxy writes it with `proxy-v2-options crc32c`: computed with zeros in its place.
  const summed = headerV2(0x21, 0x11, Buffer.concat([ends4, value(0x03, Buffer.alloc(4))]))
  const at = summed.length - 4
  summed.writeUInt32BE(referenceCrc32c(summed), at)
  assert.deepEqual(resultOf(summed), client)
  summed.writeUInt8((summed[20] as number) ^ 1, 20)
  assert.match(reasonOf(summed), /checksum/)
  assert.match(
    reasonOf(headerV2(0x21, 0x11, Buffer.concat([ends4, value(0x03, Buffer.alloc(3))]))),
    /checksum/,
  )
})

/** Bit by bit, as the polynomial says. */
function referenceCrc32c(bytes: Buffer): number {
  let sum = 0xffff_ffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f6_3b78 : sum >>> 1
  }
  return ~sum >>> 0
}

test('an invalid header of version 2 is refused', () => {
  const refused: [string, Buffer][] = [
    ['another version', headerV2(0x11, 0x11, ends4)],
    ['another command', headerV2(0x22, 0x11, ends4)],
    ['another family', headerV2(0x21, 0x41, ends4)],
    ['another protocol', headerV2(0x21, 0x13, ends4)],
    ['addresses that are cut', headerV2(0x21, 0x11, ends4.subarray(0, 11))],
    ['IPv6 in the length of IPv4', headerV2(0x21, 0x21, ends4)],
    ['a value without length', headerV2(0x21, 0x11, Buffer.concat([ends4, Buffer.from([1, 0])]))],
    [
      'a value that is too long',
      headerV2(0x21, 0x11, Buffer.concat([ends4, Buffer.from([1, 0, 1])])),
    ],
  ]
  for (const [what, bytes] of refused) assert.equal(resultOf(bytes)?.kind, 'invalid', what)
})

test('a header that says it is very long is refused before it arrives', () => {
  const { headerBytesMax } = proxyProtocolLimits
  const fixed = headerV2(0x21, 0x11, Buffer.alloc(headerBytesMax - 16 + 1)).subarray(0, 16)
  assert.match(reasonOf(fixed), /longer than/)
  assert.equal(
    read(headerV2(0x21, 0x11, Buffer.alloc(headerBytesMax - 16)).subarray(0, 16)),
    undefined,
  )
})

test('a header arrives in any pieces, and what follows it is left', () => {
  const long = headerV2(0x21, 0x11, Buffer.concat([ends4, value(0xea, Buffer.alloc(3_000))]))
  for (const header of [Buffer.from(line4), tcp4V2, long]) {
    const bytes = Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\n')])
    for (const size of [1, 2, 11, 12, 13, 16, 17, 1_000, bytes.length]) {
      const reader = new HeaderReader()
      let at = 0
      let found: ReturnType<HeaderReader['add']>
      while (found === undefined && at < bytes.length) {
        found = reader.add(bytes.subarray(at, at + size))
        at += size
      }
      assert.deepEqual(found?.result, client)
      const rest = Buffer.concat([found?.rest ?? Buffer.alloc(0), bytes.subarray(at)])
      assert.equal(rest.toString(), 'GET / HTTP/1.1\r\n', `pieces of ${size}`)
    }
  }
})
