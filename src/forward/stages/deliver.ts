// Stage 7: the node's response to the client. A client never gets an incomplete response that looks complete: a broken
// one is cut so that the client can see it [RFC 9112 8].

import { httpLimits } from '../../base/limits.ts'
import { observeLatency } from '../../cluster/latency.ts'
import { isNodeError } from '../../cluster/outlier.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Rewriting } from '../../wire/http/body-relay.ts'
import { asksConnectionLogin } from '../../wire/http/connection-login.ts'
import type { Out } from '../../wire/http/out.ts'
import { writeResponseHead } from '../../wire/http/outgoing-response.ts'
import { INCOMPLETE, problemOf } from '../../wire/http/problem.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import type { FramedClient } from '../exchange-client.ts'
import type { ResponseStage, ResponseState } from '../exchange-state.ts'
import { startSilence } from './attempt.ts'
import { bind } from './bind.ts'
import { insertion } from './insertion.ts'
import { observeOutcome } from './outlier.ts'
import { isUpgraded } from './upgrade.ts'

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

/** Delivers bytes[0..length) of the node. */
export function deliver(state: ResponseStage, bytes: Buffer, length: number): Delivery {
  const { response, attempts, traffic } = state
  const { node, candidate } = attempts
  if (node === undefined || candidate === undefined) return 'more'
  candidate.live.bytesRead += length
  traffic.receivedAt.update()
  startSilence(state, attempts.bodyMs)
  if (response.started) return deliverBody(state, bytes, 0, length)
  if (response.partial === undefined) {
    response.partialReads = 0
    return deliverHead(state, candidate, bytes, length)
  }
  const whole = Buffer.concat([response.partial, bytes.subarray(0, length)])
  const mayEnd =
    response.partialReads++ < httpLimits.headReadsMax ||
    whole.length > traffic.settings.headLimits.totalBytes ||
    whole.indexOf('\r\n\r\n', Math.max(0, response.partial.length - 3), 'latin1') >= 0
  response.partial = mayEnd ? undefined : whole
  return mayEnd ? deliverHead(state, candidate, whole, whole.length) : 'more'
}

/** The node has ended its side after the head of its response. @returns whether the response is complete by that. */
export function deliverEnd(state: ResponseStage): boolean {
  const out = state.traffic.buffers.answer
  state.traffic.receivedAt.update()
  if (!state.response.body.finish(out)) return false
  if (out.length > 0 || state.client.framed !== undefined) send(state, out, true)
  return true
}

/** Any number of interim responses, then the head of the final one and the first piece of its body. */
function deliverHead(
  state: ResponseStage,
  candidate: Candidate,
  bytes: Buffer,
  end: number,
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
  response.started = true
  state.traffic.admission.answered()
  response.status = head.status
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
  const { request, response, traffic } = state
  const { head, body } = response
  const framing = head.framing(request.head.isHead)
  body.begin(framing, head.contentLength, framing === 'chunked' ? 'decode' : 'same')
  observe(state, candidate)
  response.started = true
  traffic.admission.answered()
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
  const untilClose = isOld && (framing === 'close' || framing === 'chunked')
  // After a response that overtakes its request, the rest of the request must not be read as the next one.
  response.closes = !request.head.keepAlive || untilClose || client.isLast || !request.body.done
  body.begin(framing, head.contentLength, rewriting)
  // Never in a 204, even if the node sends the field [RFC 9112 6.1].
  const chunked = !isOld && head.status !== 204 && (head.chunked || rewriting === 'encode')
  const connection = response.closes ? 'close' : isOld ? 'keep-alive' : ''
  const date = head.date < 0 ? traffic.date.bytes : undefined
  const added = insertion(state, candidate)
  writeResponseHead({ head, chunked, connection, date, added }, out)
  return body.relay(bytes, at, end, out)
}

function deliverBody(state: ResponseStage, bytes: Buffer, at: number, end: number): Delivery {
  const { response, client, traffic } = state
  const { body } = response
  if (body.passes(at, end)) {
    const piece = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end)
    response.bytesOut += end - at
    // The piece lies in the buffer that the node's bytes are read into: no more reading until it has left.
    const delivery = after(state, false)
    if (!client.answerData(piece, body.done)) block(state)
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

function send(state: ResponseStage, out: Out, isLast: boolean): void {
  state.response.bytesOut += out.length
  if (state.client.answerData(out.content, isLast)) return out.clear()
  if (state.client.framed !== undefined) out.clear()
  else out.detach()
  block(state)
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
  if (request.upgrade === undefined || !isUpgraded(head, request.upgrade)) {
    return malformed(response, 'a 101 for a protocol that the request does not name')
  }
  const out = traffic.buffers.answer
  const added = insertion(state, candidate)
  const answer = { head, chunked: false, connection: 'upgrade', added } as const
  if (client.framed === undefined) writeResponseHead(answer, out)
  else response.bytesOut += client.framed.answerHead(answer, false)
  out.copy(bytes, at, end)
  response.started = true
  response.headAt = traffic.receivedAt.now()
  traffic.admission.answered()
  response.status = 101
  if (out.length > 0) send(state, out, false)
  return 'tunnel'
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
