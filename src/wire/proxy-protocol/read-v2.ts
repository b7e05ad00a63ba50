// Reads version 2 of the PROXY header: 16 bytes, addresses, and additional values (TLVs). Pure.

import { readAddress } from './address.ts'
import { crc32c } from './crc32c.ts'
import { type HeaderResult, invalid, signature } from './header.ts'

/** Signature, version with command, family with protocol, and the length of the rest. */
export const fixedBytes = 16

/** Bytes of both addresses with their ports, by address family: none, IPv4, IPv6, unix. */
const addressBytes: readonly number[] = [0, 12, 36, 216]

/** Types of additional values. */
const TYPE_CRC32C = 0x03
const TYPE_SSL = 0x20
/** Bit of the first byte of TYPE_SSL: the client used TLS. */
const CLIENT_SSL = 0x01

/** Length of the whole header, from its first 16 bytes. */
export const lengthOfV2 = (bytes: Buffer): number => fixedBytes + bytes.readUInt16BE(14)

/** @param bytes the whole header, which begins with the signature. */
export function readV2(bytes: Buffer): HeaderResult {
  const [versionAndCommand = 0, familyAndProtocol = 0] = bytes.subarray(signature.length)
  const command = versionAndCommand & 0x0f
  const [family, protocol] = [familyAndProtocol >> 4, familyAndProtocol & 0x0f]
  if (versionAndCommand >> 4 !== 2) return invalid('the PROXY header is not of version 2')
  if (command > 1) return invalid('the PROXY header has an unknown command')
  // Whatever follows LOCAL does not count.
  if (command === 0) return { kind: 'local', isSecure: false }
  const ends = addressBytes[family]
  if (ends === undefined || protocol > 2)
    return invalid('the PROXY header has an unknown address family')
  const valuesFrom = fixedBytes + ends
  if (valuesFrom > bytes.length) return invalid('the PROXY header is too short for its addresses')
  const values = readValues(bytes, valuesFrom)
  if (typeof values === 'string') return invalid(values)
  // Datagrams cannot have come over this connection.
  if (protocol !== 1) return { kind: 'unknown', ...values }
  if (family === 3) return { kind: 'unix', ...values }
  if (family === 0) return { kind: 'unknown', ...values }
  const length = family === 1 ? 4 : 16
  const portsFrom = fixedBytes + 2 * length
  return {
    kind: 'tcp',
    ...values,
    source: { host: readAddress(bytes, fixedBytes, length), port: bytes.readUInt16BE(portsFrom) },
    destination: {
      host: readAddress(bytes, fixedBytes + length, length),
      port: bytes.readUInt16BE(portsFrom + 2),
    },
  }
}

/** @returns a text when a value does not fit or the checksum is wrong. Values of other types do not matter here. */
function readValues(bytes: Buffer, from: number): { readonly isSecure: boolean } | string {
  let isSecure = false
  let at = from
  while (at < bytes.length) {
    if (at + 3 > bytes.length) return 'an additional value of the PROXY header has no length'
    const type = bytes[at]
    const length = bytes.readUInt16BE(at + 1)
    const valueFrom = at + 3
    at = valueFrom + length
    if (at > bytes.length)
      return 'an additional value of the PROXY header is longer than the header'
    if (type === TYPE_SSL)
      isSecure = length > 0 && ((bytes[valueFrom] as number) & CLIENT_SSL) !== 0
    if (type !== TYPE_CRC32C) continue
    if (length !== 4 || bytes.readUInt32BE(valueFrom) !== crc32c(bytes, valueFrom))
      return 'the checksum of the PROXY header is wrong'
  }
  return { isSecure }
}
