// Stage 6: one attempt to get a response from one node: lease a connection and send the request. Failures: retry.ts.

import { heldLimits, httpLimits } from '../../base/limits.ts'
import { onReached } from '../../cluster/health.ts'
import { timesOf } from '../../cluster/live.ts'
import { isHttp2 } from '../../cluster/node.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { nodeHistograms } from '../../cluster/times.ts'
import { Out } from '../../wire/http/out.ts'
import type { AttemptStage, RequestState } from '../exchange-state.ts'
import type { ResponseReceiver } from '../node/node-context.ts'
import { proxyFull, type Refusal, uploadsFull } from '../refusal.ts'
import type { RequestTrace } from '../shared/tracing.ts'
import type { Upload } from '../shared/uploads.ts'
import { bind, keepFor, leaseBound } from './bind.ts'

/**
 * @param receiver of the node's response.
 * @returns the response when this process can open no more connections, which is not a failure of the node: the request may
 *   wait for one.
 */
export function attempt(
  state: AttemptStage,
  candidate: Candidate,
  receiver: ResponseReceiver & Upload,
): Refusal | undefined {
  const { traffic, client, choice, attempts, request } = state
  const { live } = candidate
  const isCall = client.isGrpc === true
  const isUpload = !request.body.done && !isCall
  if (isUpload && !makeUploadRoom(state, candidate)) return uploadsFull
  const own = attempts.freshOnly ? undefined : leaseBound(client, candidate.node)
  const alone = request.upgrade !== undefined || request.head.bindsConnection
  const node = own ?? traffic.pools.lease(candidate.node, attempts.freshOnly, client, alone)
  if (node === undefined) return proxyFull
  if (request.head.bindsConnection) bind(client, node)
  else if (node.isForOneClient) keepFor(client, node)
  traffic.admission.begin(isUpload)
  if (isUpload) attempts.upload = receiver
  attempts.count++
  attempts.candidate = candidate
  attempts.node = node
  attempts.readyAt = node.isReady ? traffic.chosenAt.now() : 0
  if (live.health.kind === 'down' && !node.isReady) live.lastResortAt = traffic.chosenAt.now()
  live.elected++
  live.inFlight++
  live.room.begin(attempts, traffic.chosenAt.now())
  candidate.contextLive.inFlight++
  if (choice.route === candidate.node.route) {
    live.sessions.note(choice.sessionId, traffic.chosenAt.now())
  }
  const { timeouts } = traffic.settings
  const { timeoutMs, own: set } = candidate.node
  const { tunnelMs, responseHeadMs, responseBodyMs } = timeouts
  const ruled = request.rule?.settings.timeouts
  const headMs = ruled?.responseHead || set?.headMs || timeoutMs
  const bodyMs = ruled?.responseBody || set?.bodyMs || timeoutMs
  attempts.headMs = headMs || (isCall ? tunnelMs : responseHeadMs)
  attempts.bodyMs = bodyMs || (isCall ? tunnelMs : responseBodyMs)
  if (request.trace?.isSampled === true) traceAttempt(state, candidate, request.trace)
  const bytes = (attempts.out as Out).content
  live.bytesSent += bytes.length
  node.attach(receiver)
  const isSent = node.write(bytes)
  if (node.isReady) startSilence(state, attempts.headMs)
  if (request.body.done) return undefined
  noteUpload(state)
  // Body bytes that are read before the connection is ready could not be sent again to another node.
  if (isSent && node.isReady) client.resumeBody()
  else client.pauseBody()
  return undefined
}

const traceparent = Buffer.from('\r\ntraceparent: 00-')
const spanAt = traceparent.length + 33

/** The node gets the span of this attempt as the parent of its own. */
function traceAttempt(
  { request, attempts, traffic }: AttemptStage,
  { node: { route, host, port, type } }: Candidate,
  trace: RequestTrace,
): void {
  const beganMs = traffic.chosenAt.now() - request.startedAt
  const spanId = trace.beginAttempt({ route, host, port, type, beganMs })
  const bytes = (attempts.out as Out).content
  const at = bytes.indexOf(traceparent)
  if (at >= 0) bytes.write(spanId, at + spanAt, 'latin1')
}

/**
 * Sends bytes[0..length) of the request's body, which must not change until they have left.
 * @returns the offset after the body, or a problem with it.
 */
export function sendBody(state: AttemptStage, bytes: Buffer, length: number): number {
  const { request, attempts, client } = state
  const { node, candidate } = attempts
  if (node === undefined || candidate === undefined) return length
  const { body } = request
  let piece = bytes
  let behind = length
  if (body.passes(0, length)) {
    if (length < bytes.length) piece = bytes.subarray(0, length)
  } else {
    const out = new Out(length + 256)
    behind = body.relay(bytes, 0, length, out)
    if (behind < 0) return behind
    piece = out.content
  }
  keepForReplay(attempts, candidate, piece)
  candidate.live.bytesSent += behind
  attempts.bodyBytes += behind
  client.bodyProgress()
  if (body.done) endUpload(state)
  else if (behind >= heldLimits.progressBytes) noteUpload(state)
  const isSent = node.write(piece)
  startSilence(state, attempts.headMs)
  if (!isSent && !body.done) client.pauseBody()
  return behind
}

/**
 * A node over HTTP/2 may refuse a stream whose body it has begun to receive, so a body is kept while it is short: calls of
 * gRPC are. Other connections fail after that in ways that do not allow another attempt.
 */
function keepForReplay(
  attempts: AttemptStage['attempts'],
  { node }: Candidate,
  piece: Buffer,
): void {
  const { out } = attempts
  const isKept =
    attempts.replayable &&
    isHttp2(node) &&
    out !== undefined &&
    out.length + piece.length <= httpLimits.replayBytesMax
  if (isKept) out.raw(piece)
  else attempts.replayable = false
}

/**
 * The node may be silent for `ms` from now. It has no deadline while the client is the slow side: all that has arrived
 * of an incomplete body has left for the node, so the deadlines of the client's body count. A client that expects a
 * 100 (Continue) or upgrades may wait for the node before it sends its body.
 */
export function startSilence(state: AttemptStage, ms: number): void {
  const { request, attempts, traffic } = state
  const { node } = attempts
  if (node === undefined) return
  const isClientSlow = !request.body.done && node.pending === 0 && !mayAwaitNode(state)
  node.deadline = isClientSlow ? Number.POSITIVE_INFINITY : traffic.ticker.now + ms
}

const mayAwaitNode = ({ request, attempts, response }: AttemptStage): boolean =>
  (request.head.expectsContinue || request.upgrade !== undefined) &&
  attempts.bodyBytes === 0 &&
  response.interims === 0

/**
 * Whether little of the body has arrived: bytes[request.end..end) are what has, and may be all of it. A client that
 * expects a 100 (Continue) waits for the node's decision, and one that upgrades may wait as well.
 */
export const lacksBody = (
  { head, body, upgrade, end: bodyFrom }: RequestState,
  end: number,
): boolean =>
  !body.done &&
  end - bodyFrom < heldLimits.progressBytes &&
  !head.expectsContinue &&
  upgrade === undefined

/** So that requests whose bodies arrive slowly leave connections for others. @returns false when there is no room. */
function makeUploadRoom({ traffic, client }: AttemptStage, { node }: Candidate): boolean {
  return traffic.uploads.makeRoom(client.address, node.id, traffic.ticker.now)
}

/** The upload begins or makes progress. */
function noteUpload({ attempts: { upload, candidate }, client, traffic }: AttemptStage): void {
  if (upload === undefined || candidate === undefined) return
  traffic.uploads.note(client.address, candidate.node.id, upload, traffic.ticker.now)
}

function endUpload({ attempts, traffic, response }: AttemptStage): void {
  const { upload, candidate } = attempts
  if (upload === undefined || candidate === undefined) return
  traffic.uploads.end(candidate.node.id, upload)
  if (!response.started) traffic.admission.uploaded()
  attempts.upload = undefined
}

/**
 * The attempt ends without a complete response. The connection is closed.
 * @param failed counts among the node's failures.
 */
export function endAttempt(
  state: AttemptStage,
  failed: boolean,
  verdict: Verdict = failed ? 'error' : 'none',
): void {
  const { attempts } = state
  const { node, candidate } = attempts
  if (node === undefined || candidate === undefined) return
  leaveNode(state, candidate, verdict, state.traffic.clock.now())
  if (failed) candidate.live.failures++
  attempts.node = undefined
  node.abort()
}

/** The result of an attempt for the node's figures: a success, a failure, or neither. */
type Verdict = 'good' | 'error' | 'none'

/** The connection to the node is ready for the request. */
export function noteReady({ attempts, traffic }: AttemptStage): void {
  const { node, candidate } = attempts
  attempts.readyAt = traffic.clock.now()
  if (node === undefined || candidate === undefined || node.isReused) return
  const { live } = candidate
  const connectMs = attempts.readyAt - attempts.beganAt
  timesOf(live).observe(nodeHistograms.connect, connectMs)
  if (live.health.kind === 'down') noteReached(candidate, traffic, attempts.readyAt)
}

/** A node that was down accepts connections: it gets more requests if no other is usable, and is probed now. */
function noteReached(
  { live, node }: Candidate,
  { onNodeSuspect }: AttemptStage['traffic'],
  now: number,
): void {
  const before = live.health
  live.lastResortAt = Number.NEGATIVE_INFINITY
  live.health = onReached(before, now)
  if (live.health !== before) onNodeSuspect(node.id)
}

/** Takes the request, which `attempt` has counted, off the node's figures. @param now ms of the clock. */
export function leaveNode(
  state: AttemptStage,
  { live, contextLive }: Candidate,
  verdict: Verdict,
  now: number,
): void {
  const { attempts, request, response, traffic } = state
  if (request.trace?.isSampled === true)
    request.trace.endAttempt(now - request.startedAt, response.started ? response.status : 0)
  endUpload(state)
  traffic.admission.end(response.started)
  live.inFlight--
  contextLive.inFlight--
  if (live.awaited > 0) traffic.queues.released(live)
  if (verdict === 'none') live.room.abandon(attempts, now)
  else live.room.end(attempts, now, verdict === 'good')
}
