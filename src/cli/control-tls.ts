// TLS towards a control listener, for the commands: from the same variables as the agent's.

import { readTlsFiles } from '../agent/tls-files.ts'
import type { ProxyTls } from '../net/mcmp-client.ts'

/** Who signed the proxy's certificate, and the one to show to it. Throws a TopspinError that names what cannot be read. */
export function controlTls(): ProxyTls {
  const { TOPSPIN_CA: ca, TOPSPIN_CERT: cert, TOPSPIN_KEY: key } = process.env
  const files = Object.entries(readTlsFiles({ ca, cert, key }))
  return Object.fromEntries(files.filter(([, value]) => value !== undefined))
}
