// What went wrong with TLS towards a node or a proxy, in words: what is wrong and what would be right. For the
// log and the status page, never for clients. Called where a connection, a probe or a message fails.

const certificates: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired: it needs a new one'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet: look at the clocks'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself: name it in %.ca or %.pin'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'its certificate is signed by an authority that is not known: name that in %.ca',
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'its certificate is signed by an authority that is not known: name that in %.ca',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'who signed its certificate is not known: name that authority in %.ca, and let the node send the certificates between',
  ],
  ['INVALID_PURPOSE', 'its certificate is not made for servers'],
])

const alerts: readonly (readonly [RegExp, string])[] = [
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/,
    'it refuses the handshake: it may want a client certificate (%.cert, %.key)',
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNSUPPORTED_CERTIFICATE)/,
    'it does not accept the client certificate in %.cert',
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/, 'what answers does not speak TLS'],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'it speaks no TLS of version 1.2 or newer'],
  [/UNRECOGNIZED_NAME/, 'it does not know the name that was asked for: see %.servername'],
]

/**
 * `undefined` when the error is none of TLS.
 * @param settings where the reader sets what is about TLS: `nodeTls` or `tls`.
 */
export function tlsProblem(error: Error | undefined, settings: string): string | undefined {
  if (error === undefined || !('code' in error)) return undefined
  return inWords(error, String(error.code))?.replaceAll('%', settings)
}

function inWords(error: Error, code: string): string | undefined {
  const known = certificates.get(code) ?? alerts.find(([pattern]) => pattern.test(code))?.[1]
  if (known !== undefined) return `${known} (${code})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name: ${oneLine(error.message)} (%.servername names another to expect)`
  if (code === 'NODE_CERTIFICATE_PIN') return error.message
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
    ? `TLS failed (${code})`
    : undefined
}

/** Names in a certificate are whatever its owner wrote there. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 300)
