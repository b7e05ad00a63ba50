// Stage 7: the node's answer to the client. What is broken is cut visibly; a client never gets an
// incomplete answer that looks complete.

import { TopspinError } from '../../base/errors.ts'
import { httpLimits } from '../../base/limits.ts'
import { observeLatency } from '../../cluster/latency.ts'
import { eject, observeStatus } from '../../cluster/outlier.ts'
import type { Rewriting } from '../../wire/http/body-relay.ts'
import type { Out } from '../../wire/http/out.ts'
import { writeResponseHead } from '../../wire/http/outgoing-response.ts'
import { INCOMPLETE } from '../../wire/http/problem.ts'
import { parseLoadReport } from '../../wire/orca.ts'
import type { Exchange } from '../exchange.ts'
import { attemptFailed } from './attempt.ts'
import { cut } from './cut.ts'
import { nodeMalformed } from './refusal.ts'
import { answerComplete, leaveNode } from './settle.ts'
import { isUpgraded } from './upgrade.ts'

/** bytes[0..length) have come from the node. */
export function deliver(exchange: Exchange, bytes: Buffer, length: number): void {
  const { node, candidate, traffic } = exchange
  if (node === undefined || candidate === undefined) return
  candidate.live.bytesRead += length
  node.deadline = traffic.ticker.now + exchange.responseBodyMs
  if (exchange.answered) return deliverBody(exchange, bytes, 0, length)
  if (exchange.partial === undefined) return deliverHead(exchange, bytes, 0, length)
  const whole = Buffer.concat([exchange.partial, bytes.subarray(0, length)])
  exchange.partial = undefined
  deliverHead(exchange, whole, 0, whole.length)
}

/** Any number of interim answers, then the head of the final one with what came behind it. */
function deliverHead(exchange: Exchange, bytes: Buffer, from: number, end: number): void {
  const { response, head } = exchange
  let at = from
  while (true) {
    const bodyFrom = response.parse(bytes, at, end)
    if (bodyFrom === INCOMPLETE) {
      if (at < end) exchange.partial = Buffer.from(bytes.subarray(at, end))
      return
    }
    if (bodyFrom < 0) return malformed(exchange)
    if (response.status === 101) return becomeTunnel(exchange, bytes, bodyFrom, end)
    if (response.status >= 200) {
      at = bodyFrom
      break
    }
    if (++exchange.interims > httpLimits.interimMax) return malformed(exchange)
    // HTTP/1.0 knows no interim answers [RFC 9110 15.2].
    if (head.minor === 1) interim(exchange)
    at = bodyFrom
  }
  const out = exchange.traffic.buffers.answer
  const behind = beginAnswer(exchange, bytes, at, end, out)
  readLoadReport(exchange)
  noteKeepAlive(exchange)
  observe(exchange, response.status)
  if (exchange.readsLatency && response.status < 500) noteLatency(exchange)
  exchange.answered = true
  exchange.status = response.status
  send(exchange, out)
  // A body that breaks is cut whether it breaks in the first packet or in a later one.
  if (behind < 0) return cut(exchange, 'NODE_MALFORMED')
  afterPiece(exchange, behind < end)
}

/** Puts head and first piece of the answer into `out`; returns the offset behind the piece, or a problem. */
function beginAnswer(exchange: Exchange, bytes: Buffer, at: number, end: number, out: Out): number {
  const { response, head, responseBody, traffic } = exchange
  const framing = response.framing(head.isHead)
  const isOld = head.minor === 0
  let rewriting: Rewriting = 'same'
  if (framing === 'close' && !isOld) rewriting = 'encode'
  if (framing === 'chunked' && isOld) rewriting = 'decode'
  const untilClose = isOld && (framing === 'close' || framing === 'chunked')
  // An answer that comes before the request has ended: what follows of it must not be taken for the next request.
  exchange.closes = !head.keepAlive || untilClose || traffic.draining || !exchange.requestBody.done
  responseBody.begin(framing, response.contentLength, rewriting)
  // Not in a 204, whatever the node says [RFC 9112 6.1].
  const chunked = !isOld && response.status !== 204 && (response.chunked || rewriting === 'encode')
  const connection = exchange.closes ? 'close' : isOld ? 'keep-alive' : ''
  writeResponseHead({ head: response, chunked, connection }, out)
  return responseBody.relay(bytes, at, end, out)
}

function deliverBody(exchange: Exchange, bytes: Buffer, at: number, end: number): void {
  const { responseBody, client, node, traffic } = exchange
  if (responseBody.passes(at, end)) {
    const piece = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end)
    exchange.bytesOut += piece.length
    // The piece lies in the buffer that the node's bytes are read into: no more reading until it has left.
    if (!client.write(piece)) node?.pause()
    return afterPiece(exchange, false)
  }
  const out = traffic.buffers.answer
  const behind = responseBody.relay(bytes, at, end, out)
  send(exchange, out)
  if (behind < 0) return cut(exchange, 'NODE_MALFORMED')
  afterPiece(exchange, behind < end)
}

function send(exchange: Exchange, out: Out): void {
  exchange.bytesOut += out.length
  if (exchange.client.write(out.content)) return out.clear()
  out.detach()
  exchange.node?.pause()
}

function afterPiece(exchange: Exchange, excess: boolean): void {
  const { responseBody, node } = exchange
  if (responseBody.done) answerComplete(exchange, !excess && responseBody.framing !== 'close')
  // The client is the slow one: its own deadline counts, not the node's.
  else if (node !== undefined && exchange.client.pending > 0) node.deadline = Infinity
}

/** The node sends no more. */
export function finishAtEnd(exchange: Exchange): void {
  if (!exchange.answered) {
    const refusal = attemptFailed(exchange, closedEarly())
    if (refusal !== undefined) exchange.refuse(refusal)
    return
  }
  const out = exchange.traffic.buffers.answer
  if (!exchange.responseBody.finish(out)) return cut(exchange, 'NODE_CLOSED')
  if (out.length > 0) send(exchange, out)
  answerComplete(exchange, false)
}

/** @param reason for the log. */
export function malformed(exchange: Exchange, reason?: string): void {
  const { candidate, traffic } = exchange
  traffic.log.warn({ route: candidate?.node.route, reason }, 'node gave an invalid answer')
  if (exchange.answered) return cut(exchange, 'NODE_MALFORMED')
  leaveNode(exchange, true)
  exchange.refuse(nodeMalformed)
}

function interim(exchange: Exchange): void {
  const out = exchange.traffic.buffers.answer
  writeResponseHead({ head: exchange.response, chunked: false, connection: '' }, out)
  send(exchange, out)
}

function becomeTunnel(exchange: Exchange, bytes: Buffer, at: number, end: number): void {
  const { wanted, response, client, node } = exchange
  if (wanted === undefined || node === undefined || !isUpgraded(response, wanted)) {
    return malformed(exchange)
  }
  const out = exchange.traffic.buffers.answer
  writeResponseHead({ head: response, chunked: false, connection: 'upgrade' }, out)
  out.copy(bytes, at, end)
  exchange.answered = true
  exchange.status = 101
  send(exchange, out)
  node.deadline = Number.POSITIVE_INFINITY
  client.becomeTunnel(node.connection)
}

/** Errors that come fast must not make a node attractive. */
function observe(exchange: Exchange, status: number): void {
  const { candidate, traffic, application } = exchange
  if (candidate === undefined) return
  const { outlier } = candidate.live
  const limits = traffic.settings.outlier
  if (!observeStatus(outlier, status, limits)) return
  const all = application.candidates.map((other) => other.live.outlier)
  if (!eject(outlier, all, traffic.ticker.now, limits)) return
  traffic.counters.ejections++
  traffic.log.warn({ route: candidate.node.route, errors: limits.errorsMax }, 'node is ejected')
}

/** Time to the head of the answer; of good ones only, since errors may come fast. */
function noteLatency({ traffic, candidate, sentAt }: Exchange): void {
  if (candidate === undefined) return
  const now = traffic.clock.now()
  observeLatency(candidate.live.latency, now - sentAt, now)
}

/** Once for each connection: nodes do not change their mind. */
function noteKeepAlive(exchange: Exchange): void {
  const { response, node } = exchange
  if (response.keepAliveField < 0 || node === undefined || node.isReused) return
  node.noteKeepAlive(response.fields.value(response.keepAliveField))
}

function readLoadReport(exchange: Exchange): void {
  const { response, candidate, traffic } = exchange
  if (response.loadReport < 0 || candidate === undefined) return
  const { fields } = response
  const from = fields.valueFrom(response.loadReport)
  const told = parseLoadReport(fields.bytes.subarray(from, fields.valueTo(response.loadReport)))
  if (told === undefined) return
  const { report } = candidate.live
  report.inFlight = told.inFlight ?? 0
  report.pace = told.pace ?? 0
  report.at = traffic.ticker.now
}

const closedEarly = (): TopspinError =>
  new TopspinError('NODE_CLOSED', 'the node closed the connection before it answered', {
    side: 'node',
    phase: 'head',
    retry: 'if-idempotent',
  })
