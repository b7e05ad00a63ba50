// Keys that a cluster of peers shares, and the seal of a datagram: a last line `mac <key> <code>`, the
// HMAC-SHA256 (RFC 2104) of all bytes before the code. A key's id is worked out from the key, so that nobody
// has to give it a name, and replacing one is: add the new one at the end, move it to the front, take the old
// one out, each step everywhere before the next.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { peerLimits } from '../base/limits.ts'

/** Why a seal is not believed. */
export type SealFault = 'unsigned' | 'unknown-key' | 'forged'

interface Key {
  readonly id: string
  readonly secret: KeyObject
}

const codeLength = 43
const sealStart = 'mac '
/** `mac 0123abcd ` and the code with its line end. */
const sealLength = sealStart.length + 8 + 1 + codeLength + 1

export class KeyRing {
  readonly #keys: readonly Key[]

  /**
   * @param secrets the first seals, all open; none: nothing is sealed or checked.
   * @throws RangeError for an empty secret, or too many.
   */
  constructor(secrets: readonly string[]) {
    if (secrets.length > peerLimits.keysMax)
      throw new RangeError(`at most ${peerLimits.keysMax} keys`)
    this.#keys = secrets.map((text) => {
      if (text === '') throw new RangeError('an empty key')
      const secret = createSecretKey(text, 'utf8')
      return { id: createHmac('sha256', secret).update('key id').digest('hex').slice(0, 8), secret }
    })
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0
  }

  /** The datagram with this text; without a key, the text alone. */
  seal(text: string): Buffer {
    const key = this.#keys[0]
    if (key === undefined) return Buffer.from(text, 'latin1')
    const covered = `${text}${sealStart}${key.id} `
    return Buffer.from(`${covered}${code(key, Buffer.from(covered, 'latin1'))}\n`, 'latin1')
  }

  /** How many bytes of a datagram are its text, or why they are not to be believed. Without a key, all are. */
  open(bytes: Buffer): number | SealFault {
    const end = bytes.length - sealLength
    const seal = end < 0 ? '' : bytes.toString('latin1', end)
    const isSealed = seal.startsWith(sealStart) && seal.endsWith('\n') && bytes[end - 1] === 0x0a
    if (this.isEmpty) return isSealed ? end : bytes.length
    if (!isSealed) return 'unsigned'
    const id = seal.slice(sealStart.length, sealStart.length + 8)
    const key = this.#keys.find((candidate) => candidate.id === id)
    if (key === undefined) return 'unknown-key'
    const from = bytes.length - codeLength - 1
    const expected = Buffer.from(code(key, bytes.subarray(0, from)), 'latin1')
    return timingSafeEqual(expected, bytes.subarray(from, from + codeLength)) ? end : 'forged'
  }
}

const code = (key: Key, covered: Uint8Array): string =>
  createHmac('sha256', key.secret).update(covered).digest('base64url')
