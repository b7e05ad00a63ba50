// The names that OpenSSL gives to ciphers and groups. It skips the unknown ones of a list silently, so each is tried out.

import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** The first name of the list that OpenSSL does not know. @param list with colons, as of `openssl ciphers`. */
export const unknownCipher = (list: string): string | undefined =>
  // What is taken out or moved need not be there, and `@` begins a command.
  list.split(':').find((name) => !/^[!+@-]/.test(name) && !works({ ciphers: name }))

/** The same for the groups of a key exchange. */
export const unknownCurve = (list: string): string | undefined =>
  list.split(':').find((name) => !works({ ecdhCurve: name }))

function works(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}
