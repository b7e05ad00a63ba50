// Log-ins that belong to a connection instead of a request: NTLM, and Negotiate as servers use it [RFC 4559 6]. Whoever
// sends the next request on the connection is that user.

import { type Fields, text } from './fields.ts'

const scheme = /(?:^|,)[ \t]*(?:ntlm|negotiate|nego2|kerberos|credssp)(?:[ \t,]|$)/i

/** @param value of Authorization or WWW-Authenticate, or of the same fields for proxies. */
export const isConnectionLogin = (value: string): boolean => scheme.test(value)

/** The same for the credentials bytes[from..to); makes no text of those that begin otherwise. */
export function hasConnectionLogin(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from]! | 0x20
  const mayBe = first === LETTER_N || first === LETTER_K || first === LETTER_C
  return mayBe && isConnectionLogin(text(bytes, from, to))
}

/** Whether a response with these fields asks for such a log-in. */
export function asksConnectionLogin(fields: Fields): boolean {
  for (let f = 0; f < fields.count; f++) {
    const name = fields.name(f)
    const isChallenge = name === 'www-authenticate' || name === 'proxy-authenticate'
    if (isChallenge && isConnectionLogin(fields.value(f))) return true
  }
  return false
}

const LETTER_C = 0x63
const LETTER_K = 0x6b
const LETTER_N = 0x6e
