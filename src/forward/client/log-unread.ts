// The access log's entry for a request without an exchange: refused before its head is complete and valid, or over before
// its turn. As much of it as can be read.

import { firstLine } from '../../wire/http/first-line.ts'
import { RequestHead } from '../../wire/http/request-head.ts'
import type { ExchangeClient } from '../exchange-client.ts'
import { clientLeft, type Refusal, refusalBytes } from '../refusal.ts'
import { ownLines } from '../shared/hsts.ts'
import { senderOf } from '../shared/sender.ts'
import type { Traffic } from '../traffic/traffic.ts'

const hostName = Buffer.from('host')

/** @param bytes what has arrived of the request, in [at..end). */
export function logUnread(
  { accessLog, accessFields, clock, date, hsts, settings }: Traffic,
  client: ExchangeClient,
  refusal: Refusal,
  bytes: Buffer,
  at: number,
  end: number,
): void {
  if (accessLog === undefined) return
  // The head of an exchange may refer to bytes that have changed since.
  const head = new RequestHead(settings.headLimits)
  head.parse(bytes, at, end)
  const { fields } = head
  const host = fields.indexOf(hostName)
  accessLog({
    ...firstLine(bytes, at, end),
    host: host < 0 ? '' : fields.value(host),
    protocol: client.protocol ?? 'HTTP/1.1',
    tls: client.tls?.protocol ?? '',
    ...senderOf(fields, client, accessFields),
    remote: client.address,
    time: clock.wall(),
    status: refusal.status,
    code: refusal.code,
    route: '',
    balancer: '',
    context: '',
    rule: '',
    attempts: 0,
    waitMs: null,
    firstByteMs: null,
    durationMs: 0,
    bytes:
      refusal === clientLeft
        ? 0
        : refusalBytes(refusal, true, false, ownLines({ date, hsts }, client.tls)).length,
    bytesIn: 0,
    requestId: '',
    traceId: '',
  })
}
