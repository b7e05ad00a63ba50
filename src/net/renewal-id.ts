// The name of a certificate in requests for renewal information [RFC 9773 4.1]: the key identifier of its authority and its
// serial number. Pure.

import { X509Certificate } from 'node:crypto'

const sequence = 0x30
const extensionsTag = 0xa3
const octetString = 0x04
const keyIdentifierTag = 0x80
/** 2.5.29.35 with its head. */
const authorityKeyIdentifier = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x23])

/** One value of DER. */
interface Value {
  readonly tag: number
  /** With its head. */
  readonly whole: Buffer
  readonly content: Buffer
}

/** @param pem of a chain the first certificate. @returns undefined when it names no key of its authority. */
export function renewalId(pem: string): string | undefined {
  const { raw, serialNumber } = new X509Certificate(pem)
  const key = keyIdentifier(raw)
  if (key === undefined) return undefined
  const hex = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`
  // An integer of DER is negative when its first bit is set.
  const serial = Buffer.from(/^[89a-f]/i.test(hex) ? `00${hex}` : hex, 'hex')
  return `${key.toString('base64url')}.${serial.toString('base64url')}`
}

function keyIdentifier(raw: Buffer): Buffer | undefined {
  const [certificate] = valuesIn(raw)
  const [signed] = valuesIn(certificate?.content)
  const extensions = valuesIn(signed?.content).find(({ tag }) => tag === extensionsTag)
  const [list] = valuesIn(extensions?.content)
  for (const extension of valuesIn(list?.content)) {
    const [id, ...rest] = valuesIn(extension.content)
    if (id?.whole.equals(authorityKeyIdentifier) !== true) continue
    const value = rest.find(({ tag }) => tag === octetString)
    const [identifier] = valuesIn(value?.content)
    if (identifier?.tag !== sequence) return undefined
    return valuesIn(identifier.content).find(({ tag }) => tag === keyIdentifierTag)?.content
  }
  return undefined
}

/** Up to one that is not complete. */
function valuesIn(bytes: Buffer | undefined): readonly Value[] {
  const values: Value[] = []
  let at = 0
  while (bytes !== undefined && at + 2 <= bytes.length) {
    const first = bytes.readUInt8(at + 1)
    const lengthBytes = first < 0x80 ? 0 : first - 0x80
    const from = at + 2 + lengthBytes
    if (lengthBytes > 4 || from > bytes.length) break
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
    const to = from + length
    if (to > bytes.length) break
    const whole = bytes.subarray(at, to)
    values.push({ tag: bytes.readUInt8(at), whole, content: bytes.subarray(from, to) })
    at = to
  }
  return values
}
