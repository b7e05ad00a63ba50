// Writes the response head for a client: HTTP/1.1, one framing, no hop-by-hop fields, and without the node's load report.

import { writeFields } from './field-lines.ts'
import {
  CONNECTION,
  CONTENT_LENGTH,
  DROPPED,
  KEEP_ALIVE,
  LOAD_REPORT,
  TRANSFER_ENCODING,
  UPGRADE,
} from './field-name.ts'
import type { Fields } from './fields.ts'
import type { Out } from './out.ts'
import type { ResponseHead } from './response-head.ts'

const version = Buffer.from('HTTP/1.1 ')
const space = Buffer.from(' ')
const contentLength = Buffer.from('Content-Length: ')
const chunkedLine = Buffer.from('Transfer-Encoding: chunked\r\n')
const upgradeName = Buffer.from('Upgrade: ')
const connectionLines = {
  close: Buffer.from('Connection: close\r\n'),
  'keep-alive': Buffer.from('Connection: keep-alive\r\n'),
  upgrade: Buffer.from('Connection: Upgrade\r\n'),
  '': Buffer.alloc(0),
}
/** The same for a response that names protocols in Upgrade. */
const offeringLines: typeof connectionLines = {
  close: Buffer.from('Connection: close, Upgrade\r\n'),
  'keep-alive': Buffer.from('Connection: keep-alive, Upgrade\r\n'),
  upgrade: connectionLines.upgrade,
  '': connectionLines.upgrade,
}
/** The client must switch protocols, to one of those in Upgrade [RFC 9110 15.5.22]. */
const upgradeRequired = 426

export interface OutgoingResponse {
  readonly head: ResponseHead
  /** The body is sent in chunks. */
  readonly chunked: boolean
  /** Value of Connection; `keep-alive` for HTTP/1.0 clients, '' for none. */
  readonly connection: 'close' | 'keep-alive' | 'upgrade' | ''
  /** The line that a response without Date gets. */
  readonly date?: Buffer | undefined
  /** Whole lines of the proxy's own. */
  readonly added?: Buffer | undefined
}

export function writeResponseHead(response: OutgoingResponse, out: Out): void {
  const { head, connection } = response
  const { fields } = head
  out.raw(version)
  out.decimal(head.status)
  out.raw(space)
  out.copy(fields.bytes, head.reasonFrom, head.reasonTo)
  out.crlf()
  writeFields(fields, keeps, response, out)
  if (response.date !== undefined && head.date < 0) out.raw(response.date)
  if (response.added !== undefined) out.raw(response.added)
  if (response.chunked) out.raw(chunkedLine)
  else if (head.contentLength >= 0 && !head.chunked && mayHaveLength(head.status)) {
    out.raw(contentLength)
    out.decimal(head.contentLength)
    out.crlf()
  }
  const offers = head.status === upgradeRequired && head.upgrade >= 0
  out.raw((offers ? offeringLines : connectionLines)[connection])
  if (connection === 'upgrade') {
    out.raw(upgradeName)
    out.copy(fields.bytes, fields.valueFrom(head.upgrade), fields.valueTo(head.upgrade))
    out.crlf()
  }
  out.crlf()
}

/** Whether Content-Length is allowed: not with 1xx and 204 [RFC 9110 8.6]. */
function mayHaveLength(status: number): boolean {
  return status >= 200 && status !== 204
}

function keeps(fields: Fields, index: number, response: OutgoingResponse): boolean {
  switch (fields.kinds[index]!) {
    case CONNECTION:
    case CONTENT_LENGTH:
    case DROPPED:
    case KEEP_ALIVE:
    case LOAD_REPORT:
    case TRANSFER_ENCODING:
      return false
    case UPGRADE:
      return response.head.status === upgradeRequired
    default: {
      const { nominated } = response.head
      return nominated.length === 0 || !nominated.includes(fields.name(index))
    }
  }
}
