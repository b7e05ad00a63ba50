// A TLS problem of a connection to a node or proxy, as a text that ends with the remedy. For the log and the status
// page, never for clients.

/** By OpenSSL's code; `%` stands for the section of the configuration. */
const certificateProblems: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired: it needs a new one'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet: compare the clocks'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed: name it in %.ca or %.pin'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'its certificate is signed by an unknown authority: name that authority in %.ca',
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'its certificate is signed by an unknown authority: name that authority in %.ca',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the issuer of its certificate is unknown: name that authority in %.ca, and have the node send the intermediate certificates',
  ],
  ['INVALID_PURPOSE', 'its certificate is not made for servers'],
])

/** By a pattern of the codes of TLS alerts and protocol errors. */
const protocolProblems: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/,
    'it refuses the handshake: it may require a client certificate (%.cert, %.key)',
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNSUPPORTED_CERTIFICATE)/,
    'it does not accept the client certificate in %.cert',
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, 'the port does not speak TLS'],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'it speaks no TLS of version 1.2 or newer'],
  [/UNRECOGNIZED_NAME/, 'it does not know the requested server name: see %.servername'],
]

/**
 * `undefined` when the error is not about TLS.
 * @param settings the section of the configuration that the reader can change: `nodeTls` or `tls`.
 */
export function tlsProblem(error: Error | undefined, settings: string): string | undefined {
  if (error === undefined || !('code' in error)) return undefined
  return problemText(error, String(error.code))?.replaceAll('%', settings)
}

function problemText(error: Error, code: string): string | undefined {
  const known =
    certificateProblems.get(code) ?? protocolProblems.find(([pattern]) => pattern.test(code))?.[1]
  if (known !== undefined) return `${known} (${code})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name: ${oneLine(error.message)} (%.servername sets the expected name)`
  if (code === 'NODE_CERTIFICATE_PIN') return error.message
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
    ? `TLS failed (${code})`
    : undefined
}

/** The owner of a certificate chooses the names in it, so they are untrusted text. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 300)
