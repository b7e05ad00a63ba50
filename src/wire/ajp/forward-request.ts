// Writes FORWARD_REQUEST: a request head with facts about the client, as one AJP13 packet. Fields of the client are never
// turned into attributes (CVE-2020-1938).

import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../http/field-name.ts'
import type { Fields } from '../http/fields.ts'
import type { RequestHead } from '../http/request-head.ts'
import {
  ARE_DONE,
  AUTH_TYPE,
  CONTENT_LENGTH_CODE,
  FORWARD_REQUEST,
  JVM_ROUTE,
  METHOD_IS_STORED,
  methodCode,
  QUERY_STRING,
  REMOTE_USER,
  REQ_ATTRIBUTE,
  requestNameCode,
  SECRET,
  SSL_CERT,
  SSL_CIPHER,
  SSL_KEY_SIZE,
  SSL_SESSION,
  STORED_METHOD,
} from './codes.ts'
import type { Packet } from './packet.ts'

/** Facts about a request from the proxy itself. Absent ones are not sent. */
export interface RequestFacts {
  /** Address of the client; also sent as its host name, so that no look-up is needed. */
  readonly remoteAddress: string
  readonly serverName: string
  /** 0..65_535 */
  readonly serverPort: number
  /** The client's connection uses TLS. */
  readonly isSecure: boolean
  readonly remoteUser?: string | undefined
  readonly authType?: string | undefined
  readonly jvmRoute?: string | undefined
  /** The client's certificate and its chain, PEM. */
  readonly certificate?: string | undefined
  readonly cipher?: string | undefined
  /** Hexadecimal. */
  readonly tlsSession?: string | undefined
  /** Key size of the cipher, bits. */
  readonly keySize?: number | undefined
  readonly secret?: string | undefined
  /** Request attributes; containers refuse names that their configuration does not allow. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
}

const QUESTION = 0x3f
const protocol = 'HTTP/1.1'
const transferEncoding = Buffer.from('transfer-encoding')
const chunked = 'chunked'

/**
 * @param head canonical, as sent over HTTP/1.1. Connection-specific fields are dropped, and `Expect`, to which AJP has no
 *   response.
 * @throws RangeError when it is not canonical.
 */
export function writeForwardRequest(head: RequestHead, facts: RequestFacts, packet: Packet): void {
  const { bytes } = head.fields
  const method = methodCode(head.method)
  const question = bytes.subarray(head.targetFrom, head.targetTo).indexOf(QUESTION)
  const pathTo = question < 0 ? head.targetTo : head.targetFrom + question
  packet.begin()
  packet.byte(FORWARD_REQUEST)
  packet.byte(method)
  packet.string(protocol)
  packet.slice(bytes, head.targetFrom, pathTo)
  packet.string(facts.remoteAddress)
  packet.string(facts.remoteAddress)
  packet.string(facts.serverName)
  packet.integer(facts.serverPort)
  packet.byte(facts.isSecure ? 1 : 0)
  writeFields(head, packet)
  if (question >= 0) {
    packet.byte(QUERY_STRING)
    packet.slice(bytes, pathTo + 1, head.targetTo)
  }
  if (method === METHOD_IS_STORED) attribute(STORED_METHOD, head.method, packet)
  writeAttributes(facts, packet)
  packet.byte(ARE_DONE)
}

function writeFields(head: RequestHead, packet: Packet): void {
  const { fields } = head
  const countAt = packet.hold()
  let count = 0
  for (let f = 0; f < fields.count; f++) {
    if (!keeps(fields.kinds[f]!)) continue
    writeField(fields, f, packet)
    count++
  }
  if (head.chunked) {
    // For containers this means a body of unknown length.
    packet.name(transferEncoding, 0, transferEncoding.length)
    packet.string(chunked)
    count++
  } else if (head.declaresLength) {
    packet.integer(CONTENT_LENGTH_CODE)
    packet.string(String(head.contentLength))
    count++
  }
  packet.fill(countAt, count)
}

function writeField(fields: Fields, index: number, packet: Packet): void {
  const from = fields.nameFrom(index)
  const to = fields.nameTo(index)
  const code = requestNameCode(fields.bytes, from, to)
  if (code > 0) packet.integer(code)
  else packet.name(fields.bytes, from, to)
  packet.slice(fields.bytes, fields.valueFrom(index), fields.valueTo(index))
}

/** Whether a field of our own HTTP/1 output is sent: not those of the connection and the framing. */
function keeps(kind: number): boolean {
  switch (kind) {
    case CONNECTION:
    case CONTENT_LENGTH:
    case EXPECT:
    case TRANSFER_ENCODING:
    case UPGRADE:
      return false
    default:
      return true
  }
}

function writeAttributes(facts: RequestFacts, packet: Packet): void {
  const { remoteUser, authType, jvmRoute, certificate, cipher, tlsSession, keySize, secret } = facts
  if (remoteUser !== undefined) attribute(REMOTE_USER, remoteUser, packet)
  if (authType !== undefined) attribute(AUTH_TYPE, authType, packet)
  if (jvmRoute !== undefined) attribute(JVM_ROUTE, jvmRoute, packet)
  if (certificate !== undefined) {
    packet.byte(SSL_CERT)
    packet.string(certificate, 'several')
  }
  if (cipher !== undefined) attribute(SSL_CIPHER, cipher, packet)
  if (tlsSession !== undefined) attribute(SSL_SESSION, tlsSession, packet)
  if (keySize !== undefined) {
    packet.byte(SSL_KEY_SIZE)
    packet.integer(keySize)
  }
  if (secret !== undefined) attribute(SECRET, secret, packet)
  for (const [name, value] of facts.attributes) {
    attribute(REQ_ATTRIBUTE, name, packet)
    packet.string(value)
  }
}

function attribute(code: number, value: string, packet: Packet): void {
  packet.byte(code)
  packet.string(value)
}
