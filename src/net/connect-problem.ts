// A TLS problem of a connection to a node or proxy, as a text that ends with the remedy. For the log and the status
// page, never for clients.

/** The settings of a reader that a problem may name. */
export interface TlsSettings {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly servername: string
  /** Absent where certificates cannot be pinned. */
  readonly pin?: string
}

/** Of the proxy, for its nodes. */
export const nodeTlsSettings: TlsSettings = {
  ca: 'nodeTls.ca',
  cert: 'nodeTls.cert',
  key: 'nodeTls.key',
  servername: 'nodeTls.servername',
  pin: 'nodeTls.pin',
}

/** Of an agent, for its proxies. */
export const agentTlsSettings: TlsSettings = {
  ca: 'tls.ca (TOPSPIN_CA)',
  cert: 'tls.cert (TOPSPIN_CERT)',
  key: 'tls.key (TOPSPIN_KEY)',
  servername: 'tls.servername (TOPSPIN_SERVER_NAME)',
}

/** Of a command, for the control listener that it asks. */
export const commandTlsSettings: TlsSettings = {
  ca: 'the file of TOPSPIN_CA',
  cert: 'TOPSPIN_CERT',
  key: 'TOPSPIN_KEY',
  servername: 'TOPSPIN_SERVER_NAME',
}

/** By OpenSSL's code; `%ca` and so on stand for the setting of the reader. */
const certificateProblems: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired: it needs a new one'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet: compare the clocks'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed: name it in %pinnable'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'its certificate is signed by an unknown authority: name that authority in %ca',
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'its certificate is signed by an unknown authority: name that authority in %ca',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the issuer of its certificate is unknown: name that authority in %ca, and have the node send the intermediate certificates',
  ],
  ['INVALID_PURPOSE', 'its certificate is not made for servers'],
])

/** By a pattern of the codes of TLS alerts and protocol errors. */
const protocolProblems: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/,
    'it refuses the handshake: it may require a client certificate (%cert, %key)',
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNSUPPORTED_CERTIFICATE)/,
    'it does not accept the client certificate in %cert',
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, 'the port does not speak TLS'],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'it speaks no TLS of version 1.2 or newer'],
  [/UNRECOGNIZED_NAME/, 'it does not know the requested server name: see %servername'],
]

/** `undefined` when the error is not about TLS. @param settings that the reader can change. */
export function tlsProblem(error: Error | undefined, settings: TlsSettings): string | undefined {
  if (error === undefined || !('code' in error)) return undefined
  const { ca, pin } = settings
  const pinnable = pin === undefined ? ca : `${ca} or ${pin}`
  const names: Readonly<Record<string, string | undefined>> = { ...settings, pinnable }
  const text = problemText(error, String(error.code))
  return text?.replace(/%([a-z]+)/g, (whole, name) => names[name] ?? whole)
}

function problemText(error: Error, code: string): string | undefined {
  const known =
    certificateProblems.get(code) ?? protocolProblems.find(([pattern]) => pattern.test(code))?.[1]
  if (known !== undefined) return `${known} (${code})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name: ${oneLine(error.message)} (%servername sets the expected name)`
  if (code === 'NODE_CERTIFICATE_PIN') return error.message
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
    ? `TLS failed (${code})`
    : undefined
}

/** The owner of a certificate chooses the names in it, so they are untrusted text. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 300)
