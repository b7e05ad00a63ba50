// Stage 1: a request whose head has been parsed begins an exchange.

import { text } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { ExchangeState, RequestLine } from '../exchange-state.ts'
import { idOf } from '../shared/request-id.ts'
import { senderOf } from '../shared/sender.ts'
import { wantedUpgrade } from './upgrade.ts'

/** @param bodyFrom offset behind the head. */
export function accept(
  { request, choice, attempts, response, client, traffic }: ExchangeState,
  bodyFrom: number,
): void {
  const { head } = request
  traffic.counters.requests++
  traffic.retryBudget.recordRequest(traffic.ticker.now)
  choice.reset()
  attempts.reset()
  response.reset()
  request.end = bodyFrom
  request.rule = request.ruleValues = request.prefixChange = request.login = undefined
  request.upgrade = head.wantsUpgrade ? wantedUpgrade(head) : undefined
  const framing = head.chunked ? 'chunked' : head.hasBody ? 'length' : 'none'
  request.body.begin(framing, head.contentLength, 'same')
  request.startedAt = traffic.clock.now()
  request.id = traffic.settings.requestId === 'off' ? '' : idOf(head, client, traffic.newId)
  request.trace = traffic.tracing?.begin(head.fields, client.trusted)
  if (traffic.accessLog !== undefined || request.trace?.isSampled === true)
    request.line = requestLine(head, client, traffic.accessFields)
}

function requestLine(
  head: RequestHead,
  client: ExchangeState['client'],
  fields: readonly Buffer[],
): RequestLine {
  const { bytes } = head.fields
  return {
    method: head.method,
    target: text(bytes, head.targetFrom, head.targetTo),
    host: text(bytes, head.hostFrom, head.hostTo),
    protocol: client.protocol ?? (head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1'),
    tls: client.tls?.protocol ?? '',
    names: fields,
    ...senderOf(head.fields, client, fields),
  }
}
