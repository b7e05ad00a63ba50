// Tries out whether clients can complete a TLS handshake with a certificate and its key. OpenSSL accepts pairs that no
// client can use, for example with a key of DSA. Used by config/tls-files.ts.

import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import {
  connect,
  createSecureContext,
  type SecureContextOptions,
  type SecureVersion,
  TLSSocket,
} from 'node:tls'
import { tlsLimits } from '../base/limits.ts'
import type { ServerCertificate } from './tls-options.ts'

/**
 * Without a network. @returns the reason when it fails. Rejects when OpenSSL takes them for no pair.
 * @param rules what the handshake may use.
 * @param maxVersion the highest version of the client.
 */
export async function handshakeProblem(
  { cert, key }: Pick<ServerCertificate, 'cert' | 'key'>,
  rules: SecureContextOptions = {},
  maxVersion: SecureVersion = 'TLSv1.3',
): Promise<string | undefined> {
  const [near, far] = duplexPair()
  const secureContext = createSecureContext({ ...rules, cert, key })
  const server = new TLSSocket(near, { isServer: true, secureContext })
  const client = connect({ socket: far, rejectUnauthorized: false, maxVersion })
  const signal = AbortSignal.timeout(tlsLimits.checkMs)
  const ends = [once(server, 'secure', { signal }), once(client, 'secureConnect', { signal })]
  try {
    await Promise.all(ends)
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code ?? message
  } finally {
    for (const socket of [server, client]) socket.on('error', () => {}).destroy()
  }
}
