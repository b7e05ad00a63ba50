// Still stage 3: recognises the first request of a Socket.IO (Engine.IO) session by long polling. Its server sets no cookie,
// but keeps the session in memory, so that all requests of the session have to reach it.

import { queryParameter } from '../../wire/http/query.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'

const protocol = Buffer.from('EIO')
const transport = Buffer.from('transport')
const sessionId = Buffer.from('sid')

/** A request without `sid` opens a session [Engine.IO protocol 4, "Handshake"]. @param head with a query. */
export function opensEngineIo({ fields, queryFrom, targetTo }: RequestHead): boolean {
  const { bytes } = fields
  if (queryParameter(bytes, queryFrom, targetTo, protocol) === undefined) return false
  if (queryParameter(bytes, queryFrom, targetTo, transport) !== 'polling') return false
  return queryParameter(bytes, queryFrom, targetTo, sessionId) === undefined
}
