// The keys that peers share, and the signature of a datagram: a last line `mac <key id> <code>`, where the code is the
// HMAC-SHA256 [RFC 2104] of all bytes before it. The id of a key is derived from the key. To replace a key, append the new
// one, then move it to the front, then remove the old one, each step on all peers before the next.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { peerLimits } from '../base/limits.ts'

/** Why a signature is refused. */
export type SealFault = 'unsigned' | 'unknown-key' | 'forged'

interface Key {
  readonly id: string
  readonly secret: KeyObject
}

const codeLength = 43
const sealStart = 'mac '
/** Length of `mac 0123abcd ` and the code with its line end. */
const sealLength = sealStart.length + 8 + 1 + codeLength + 1

export class KeyRing {
  readonly #keys: readonly Key[]

  /**
   * @param secrets the first one signs, all of them verify; when empty, nothing is signed or verified.
   * @throws RangeError for an empty secret, or for too many.
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

  /** The datagram with this text: signed, if there is a key. */
  seal(text: string): Buffer {
    const key = this.#keys[0]
    if (key === undefined) return Buffer.from(text, 'latin1')
    const covered = `${text}${sealStart}${key.id} `
    return Buffer.from(`${covered}${code(key, Buffer.from(covered, 'latin1'))}\n`, 'latin1')
  }

  /** Verifies a datagram. @returns the length of its text in bytes, or why it is refused; without keys never refused. */
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
