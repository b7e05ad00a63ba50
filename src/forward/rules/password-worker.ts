// Compares passwords with hashes, in a thread of its own: bcrypt takes a tenth of a second and more, by intent. Started by
// password-thread.ts.

import { createHash, timingSafeEqual } from 'node:crypto'
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

/** It brings no types. Of each character of the password it takes one byte. */
const md5: (password: string, salt: string) => string = createRequire(import.meta.url)('apache-md5')

parentPort?.on('message', ({ id, password, hash }: Question) => {
  parentPort?.postMessage({ id, isRight: isRight(password, hash) } satisfies Reply)
})

interface Question {
  readonly id: number
  readonly password: string
  readonly hash: string
}

interface Reply {
  readonly id: number
  readonly isRight: boolean
}

function isRight(password: string, hash: string): boolean {
  if (hash.startsWith('$2')) return compareSync(password, hash)
  if (hash.startsWith('$apr1$'))
    return isSame(md5(Buffer.from(password).toString('latin1'), hash), hash)
  return isSame(`{SHA}${createHash('sha1').update(password).digest('base64')}`, hash)
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
