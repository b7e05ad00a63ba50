// Stage 7: the node's response to the client. A client never gets an incomplete response that looks complete: a broken
// one is cut so that the client can see it [RFC 9112 8].

import { httpLimits } from '../../base/limits.ts'
import { observeLatency } from '../../cluster/latency.ts'
import { isNodeError } from '../../cluster/outlier.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Rewriting } from '../../wire/http/body-relay.ts'
import { asksConnectionLogin } from '../../wire/http/connection-login.ts'
import { Fields } from '../../wire/http/fields.ts'
import { Out } from '../../wire/http/out.ts'
import { writeResponseHead } from '../../wire/http/outgoing-response.ts'
import { INCOMPLETE, problemOf } from '../../wire/http/problem.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import { writeTrailers } from '../../wire/http/trailers.ts'
import { WebSocketFrames } from '../../wire/websocket-frames.ts'
import type { ExchangeClient, FramedClient } from '../exchange-client.ts'
import type { ResponseStage, ResponseState } from '../exchange-state.ts'
import type { CompressedReceiver, Compressor } from '../rules/compressor.ts'
import { startSilence } from './attempt.ts'
import { bind } from './bind.ts'
import { insertion } from './insertion.ts'
import { observeOutcome } from './outlier.ts'
import { isWebSocket, switchedTo } from './upgrade.ts'

export type Delivery =
  /** More of the response is to come. */
  | 'more'
  /** Complete; the connection to the node may carry another request. */
  | 'complete'
  /** Complete; the connection to the node has ended or has bytes left over. */
  | 'last'
  /** The body is malformed, behind a head that the client has. */
  | 'broken'
  /** It is not a response. */
  | 'malformed'
  /** The node has switched protocols. */
  | 'tunnel'

/**
 * Delivers bytes[0..length) of the node.
 * @param receiver of the body, if a rule compresses it.
 */
export function deliver(
  state: ResponseStage,
  bytes: Buffer,
  length: number,
  receiver: CompressedReceiver,
): Delivery {
  const { response, attempts, traffic } = state
  const { node, candidate } = attempts
  if (node === undefined || candidate === undefined) return 'more'
  candidate.live.bytesRead += length
  traffic.receivedAt.update()
  startSilence(state, attempts.bodyMs)
  if (response.started) return deliverBody(state, bytes, 0, length)
  if (response.partial === undefined) {
    response.partialReads = 0
    return deliverHead(state, candidate, bytes, length, receiver)
  }
  const whole = Buffer.concat([response.partial, bytes.subarray(0, length)])
  const mayEnd =
    response.partialReads++ < httpLimits.headReadsMax ||
    whole.length > traffic.settings.headLimits.totalBytes ||
    whole.indexOf('\r\n\r\n', Math.max(0, response.partial.length - 3), 'latin1') >= 0
  response.partial = mayEnd ? undefined : whole
  return mayEnd ? deliverHead(state, candidate, whole, whole.length, receiver) : 'more'
}

/** The node has ended its side after the head of its response. @returns whether the response is complete by that. */
export function deliverEnd(state: ResponseStage, trailers?: Fields): boolean {
  const { framed } = state.client
  const out = state.traffic.buffers.answer
  state.traffic.receivedAt.update()
  if (!state.response.body.finish(out, trailers)) return false
  if (state.response.compressor !== undefined) {
    if (trailers !== undefined) keepTrailers(state.response, trailers)
    return true
  }
  if (framed !== undefined && trailers !== undefined) framed.answerTrailers(trailers)
  else if (out.length > 0 || framed !== undefined) send(state, out, true)
  return true
}

/** Any number of interim responses, then the head of the final one and the first piece of its body. */
function deliverHead(
  state: ResponseStage,
  candidate: Candidate,
  bytes: Buffer,
  end: number,
  receiver: CompressedReceiver,
): Delivery {
  const { response, request } = state
  const { head } = response
  let at = 0
  while (true) {
    const bodyFrom = head.parse(bytes, at, end)
    if (bodyFrom === INCOMPLETE) {
      if (at < end) response.partial = Buffer.from(bytes.subarray(at, end))
      return 'more'
    }
    if (bodyFrom < 0) return malformed(response, head.describe(bodyFrom))
    at = bodyFrom
    if (request.rule !== undefined && (head.status >= 200 || head.status === 101)) {
      const edited = state.ruleStages?.editResponse(state, candidate, receiver) ?? 0
      if (edited < 0) return malformed(response, head.describe(edited))
    }
    if (head.status === 101) return switchProtocols(state, candidate, bytes, at, end)
    if (head.status >= 200) break
    if (++response.interims > httpLimits.interimMax) {
      return malformed(response, 'too many interim responses')
    }
    startSilence(state, state.attempts.bodyMs)
    // HTTP/1.0 has no interim responses [RFC 9110 15.2].
    if (request.head.minor === 1) interim(state, head)
  }
  const { framed } = state.client
  if (framed !== undefined) return deliverFramed(state, framed, candidate, bytes, at, end)
  const out = state.traffic.buffers.answer
  const behind = writeFirst(state, candidate, bytes, at, end, out)
  observe(state, candidate)
  beginAnswer(state)
  response.status = head.status
  if (response.compressor !== undefined) {
    send(state, out, false)
    return deliverBody(state, bytes, at, end)
  }
  // A malformed body is cut, whether it breaks in the first piece or in a later one.
  const delivery = behind < 0 ? broken(response, behind) : after(state, behind < end)
  send(state, out, response.body.done)
  return delivery
}

/** The head of the final response, and the first piece of its body, for a client whose protocol frames it. */
function deliverFramed(
  state: ResponseStage,
  framed: FramedClient,
  candidate: Candidate,
  bytes: Buffer,
  at: number,
  end: number,
): Delivery {
  const { request, response, client, attempts, traffic } = state
  const { head, body } = response
  const framing = head.framing(request.head.isHead)
  const mayHaveTrailers =
    framing === 'length' && client.acceptsTrailers === true && attempts.node?.hasTrailers === true
  if (mayHaveTrailers) body.begin('close', 0, 'same')
  else body.begin(framing, head.contentLength, framing === 'chunked' ? 'decode' : 'same')
  if (response.compressor !== undefined) head.contentLength = -1
  observe(state, candidate)
  beginAnswer(state)
  response.status = head.status
  const isWhole = body.done
  const date = head.date < 0 ? traffic.date.bytes : undefined
  const added = insertion(state, candidate)
  const answer = { head, chunked: false, connection: '', date, added } as const
  response.bytesOut += framed.answerHead(answer, isWhole)
  if (isWhole) return after(state, at < end)
  return at < end ? deliverBody(state, bytes, at, end) : 'more'
}

/** Writes the head and the first piece of the body. @returns the offset behind the piece, or a problem with it. */
function writeFirst(
  state: ResponseStage,
  candidate: Candidate,
  bytes: Buffer,
  at: number,
  end: number,
  out: Out,
): number {
  const { request, response, client, traffic } = state
  const { head, body } = response
  const framing = head.framing(request.head.isHead)
  const isOld = request.head.minor === 0
  let rewriting: Rewriting = 'same'
  if (framing === 'close' && !isOld) rewriting = 'encode'
  if (framing === 'chunked' && isOld) rewriting = 'decode'
  if (response.compressor !== undefined) rewriting = 'decode'
  const untilClose = isOld && (framing === 'close' || framing === 'chunked')
  // After a response that overtakes its request, the rest of the request must not be read as the next one.
  response.closes = !request.head.keepAlive || untilClose || client.isLast || !request.body.done
  body.begin(framing, head.contentLength, rewriting)
  // Never in a 204, even if the node sends the field [RFC 9112 6.1].
  const chunked =
    !isOld &&
    head.status !== 204 &&
    (head.chunked || rewriting === 'encode' || response.compressor !== undefined)
  const connection = response.closes ? 'close' : isOld ? 'keep-alive' : ''
  const date = head.date < 0 ? traffic.date.bytes : undefined
  const added = insertion(state, candidate)
  writeResponseHead({ head, chunked, connection, date, added }, out)
  return response.compressor === undefined ? body.relay(bytes, at, end, out) : at
}

function deliverBody(state: ResponseStage, bytes: Buffer, at: number, end: number): Delivery {
  const { response, client, traffic } = state
  const { body, compressor } = response
  if (compressor !== undefined) return compressBody(state, compressor, bytes, at, end)
  if (body.passes(at, end)) {
    response.bytesOut += end - at
    // The piece lies in the buffer that the node's bytes are read into: no more reading until it has left.
    const delivery = after(state, false)
    if (!sendPiece(client, bytes, at, end, body.done)) block(state)
    return delivery
  }
  const out = traffic.buffers.answer
  const behind = body.relay(bytes, at, end, out)
  const delivery = behind < 0 ? broken(response, behind) : after(state, behind < end)
  const { trailers } = body
  send(state, out, body.done && behind >= 0 && trailers === undefined)
  if (trailers !== undefined) client.framed?.answerTrailers(trailers)
  return delivery
}

/** The compressor passes the rest: stages/compress.ts. */
function compressBody(
  state: ResponseStage,
  compressor: Compressor,
  bytes: Buffer,
  at: number,
  end: number,
): Delivery {
  const { response, traffic } = state
  const { body } = response
  const out = traffic.buffers.answer
  const passes = body.passes(at, end)
  const behind = passes ? end : body.relay(bytes, at, end, out)
  const piece = passes ? bytes.subarray(at, end) : out.content
  traffic.counters.uncompressedBytes += piece.length
  const takesMore = piece.length === 0 || compressor.write(piece)
  out.clear()
  if (body.done && behind >= 0 && body.trailers !== undefined) keepTrailers(response, body.trailers)
  if (!takesMore) block(state)
  return behind < 0 ? broken(response, behind) : after(state, behind < end)
}

/** The compressor has not passed all of the body yet, and the bytes of the trailers do not last. */
function keepTrailers(response: ResponseState, trailers: Fields): void {
  const out = new Out(256)
  writeTrailers(trailers, out)
  out.crlf()
  const kept = new Fields()
  if (kept.parse(out.bytes, 0, out.length, false) > 0) response.trailers = kept
}

function malformed(response: ResponseState, problem: string): Delivery {
  response.problem = problem
  return 'malformed'
}

/** @param problem with the body, negative. */
function broken(response: ResponseState, problem: number): Delivery {
  response.problem = problemOf(problem).text
  return 'broken'
}

/** @param excess bytes are left behind the response. */
function after({ response, attempts }: ResponseStage, excess: boolean): Delivery {
  const { body } = response
  if (!body.done) return 'more'
  if (excess) attempts.node?.noteExcess(body.framing === 'none')
  return excess || body.framing === 'close' ? 'last' : 'complete'
}

/** A client with frames of its own needs no view of the bytes, which costs more than copying a few of them. */
function sendPiece(
  client: ExchangeClient,
  bytes: Buffer,
  from: number,
  to: number,
  isLast: boolean,
): boolean {
  if (client.framed !== undefined) return client.framed.answerPart(bytes, from, to, isLast)
  const isWhole = from === 0 && to === bytes.length
  return client.answerData(isWhole ? bytes : bytes.subarray(from, to), isLast)
}

function send(state: ResponseStage, out: Out, isLast: boolean): void {
  const { framed } = state.client
  state.response.bytesOut += out.length
  const isSent =
    framed === undefined
      ? state.client.answerData(out.content, isLast)
      : framed.answerPart(out.bytes, 0, out.length, isLast)
  if (isSent || framed !== undefined) out.clear()
  else out.detach()
  if (!isSent) block(state)
}

/** Something written to the client has not left: stops reading from the node. */
function block({ response, attempts }: ResponseStage): void {
  const { node } = attempts
  response.isBlocked = true
  if (node === undefined) return
  node.pause()
  // While the client is slow its own deadline counts, not the node's.
  if (response.started) node.deadline = Infinity
}

export function interim(state: ResponseStage, head: ResponseHead): void {
  const answer = { head, chunked: false, connection: '' } as const
  const { framed } = state.client
  if (framed !== undefined) {
    state.response.bytesOut += framed.answerHead(answer, false)
    return
  }
  const out = state.traffic.buffers.answer
  writeResponseHead(answer, out)
  send(state, out, false)
}

function switchProtocols(
  state: ResponseStage,
  candidate: Candidate,
  bytes: Buffer,
  at: number,
  end: number,
): Delivery {
  const { request, response, client, traffic } = state
  const { head } = response
  const protocols = request.upgrade && switchedTo(head, request.upgrade)
  if (protocols === undefined) {
    return malformed(response, 'a 101 for a protocol that the request does not name')
  }
  const out = traffic.buffers.answer
  const added = insertion(state, candidate)
  const answer = { head, chunked: false, connection: 'upgrade', added } as const
  if (client.framed === undefined) writeResponseHead(answer, out)
  else response.bytesOut += client.framed.answerHead(answer, false)
  out.copy(bytes, at, end)
  if (isWebSocket(protocols)) {
    response.frames = new WebSocketFrames()
    response.frames.passed(bytes, at, end)
  }
  response.headAt = traffic.receivedAt.now()
  beginAnswer(state)
  response.status = 101
  if (out.length > 0) send(state, out, false)
  return 'tunnel'
}

function beginAnswer({ response, attempts, traffic }: ResponseStage): void {
  response.started = true
  if (attempts.upload === undefined) traffic.admission.answered()
}

/** Records facts of the head: keep-alive time, a log-in on the connection, latency, and errors beside the other nodes'. */
function observe(state: ResponseStage, candidate: Candidate): void {
  const { response, attempts, choice, traffic } = state
  const { head } = response
  const { node } = attempts
  const { live } = candidate
  response.headAt = traffic.receivedAt.now()
  // Nodes announce the same time in each response, so the first on a connection is enough.
  if (head.keepAliveField >= 0 && node?.isReused === false) {
    node.noteKeepAlive(head.fields.value(head.keepAliveField))
  }
  const isChallenge = head.status === 401 || head.status === 407
  if (isChallenge && node !== undefined && asksConnectionLogin(head.fields)) {
    bind(state.client, node)
  }
  // Of good responses only: errors may come fast, which must not make a node attractive.
  if (choice.readsLatency && head.status < 500) {
    const now = response.headAt
    observeLatency(live.latency, now - attempts.beganAt, now)
  }
  observeOutcome(state, candidate, isNodeError(head.status))
}
