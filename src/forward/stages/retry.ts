// Still stage 6: an attempt has failed. Records the failure in the node's health and decides whether the request may be
// sent again [RFC 9110 9.2.2].

import type { TopspinError } from '../../base/errors.ts'
import { httpLimits } from '../../base/limits.ts'
import { onAnswerFailed, onConnectFailed } from '../../cluster/health.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { AttemptStage } from '../exchange-state.ts'
import type { ExchangeTraffic } from '../exchange-traffic.ts'
import { handshakeLate, otherProtocol, queueFull } from '../node/node-error.ts'
import { headLarge, nodeFailed, noNode, proxyFull, type Refusal } from '../refusal.ts'
import { endAttempt } from './attempt.ts'
import { noteFailure } from './note-failure.ts'
import { observeOutcome } from './outlier.ts'

/** Refused connections in a row before the client gets a response; each was another node. */
const safeAttemptsMax = 8

/** The next step after a failed attempt. */
type AfterFailure =
  /** No other attempt: the client gets `refusalAfter`. */
  | 'refuse'
  /** Another node may be asked. */
  | 'another'
  /** The same node may be asked on a new connection: a reused one may close at any time, which is not a failure of the node. */
  | 'same'

/** No response came, for a reason that may be the node's, the network's or this process's. */
export function attemptFailed(state: AttemptStage, error: TopspinError): AfterFailure {
  const { attempts, traffic } = state
  const { candidate, node } = attempts
  if (candidate === undefined || node === undefined) return 'refuse'
  if (error.side !== 'node') {
    if (error.side === 'proxy') {
      traffic.counters.shortages++
      traffic.shortages.warn({ route: candidate.node.route, reason: error.message })
    }
    endAttempt(state, false)
    return error.retry === 'safe' && mayRetry(state, error) ? 'another' : 'refuse'
  }
  const { isReused } = node
  state.request.trace?.fail(error.code)
  if (!isReused) recordFailure(state, candidate, error)
  const isOpen = isReused || mayBeClients(state, error)
  endAttempt(state, error.code !== otherProtocol, isOpen ? 'none' : 'error')
  if (error.retry !== 'safe' && !isReused) attempts.failures++
  if (!mayRetry(state, error)) return 'refuse'
  // The next idle connection may be closing for the same reason.
  attempts.freshOnly = true
  // A first refusal may concern the connection alone.
  const isRefusedAgain = error.code === 'NODE_REFUSED' && attempts.count > 1
  return isReused && !isRefusedAgain ? 'same' : 'another'
}

/** The node has not responded in time. It may be processing the request, so there is no other attempt. */
export function attemptTimedOut(state: AttemptStage, error: TopspinError): void {
  const { candidate } = state.attempts
  if (candidate !== undefined) recordFailure(state, candidate, error)
  endAttempt(state, !mayBeClients(state, error))
}

/** While the body is incomplete, the client may be what the node waits for, or no longer waits for. */
const mayBeClients = ({ request }: AttemptStage, { phase }: TopspinError): boolean =>
  phase !== 'connect' && !request.body.done

/** The response to the client when no other attempt is made. */
export function refusalAfter(error: TopspinError): Refusal {
  if (error.side === 'proxy') return proxyFull
  if (error.side === 'client') return headLarge
  // A node that cannot be reached has done nothing, so the client may try again.
  return error.phase === 'connect' ? noNode : nodeFailed
}

/** @returns false when the retry budget is exhausted. */
export function spendRetry({ retryBudget, counters, ticker }: ExchangeTraffic): boolean {
  const isAllowed = retryBudget.spend(ticker.now)
  if (isAllowed) counters.retries++
  else counters.retriesRefused++
  return isAllowed
}

function recordFailure(state: AttemptStage, candidate: Candidate, error: TopspinError): void {
  const { settings, clock, random, log, onNodeDown, onNodeSuspect } = state.traffic
  const { live, node } = candidate
  noteFailure(state, candidate, error.code, error.message)
  if (error.phase !== 'connect' && !mayBeClients(state, error))
    observeOutcome(state, candidate, true)
  const before = live.health
  const now = clock.now()
  if (!isGone(error, live.inFlight)) {
    live.health = onAnswerFailed(before, now, settings.health)
    if (live.health !== before) onNodeSuspect(node.id)
    return
  }
  const failure = { reason: error.message, refused: error.cause !== undefined }
  live.health = onConnectFailed(before, failure, now, random, settings.health)
  if (before.kind === 'down') return
  live.epoch++
  log.warn({ route: node.route, reason: error.message }, 'node is down')
  onNodeDown(node.id, failure.reason, failure.refused)
}

/**
 * No connection is possible. One that is only late is no proof while the node works on other requests: its queue of
 * connections may be full. A node that accepts connections is busy, whatever for. @param inFlight includes this request.
 */
const isGone = ({ code, phase, cause }: TopspinError, inFlight: number): boolean =>
  phase === 'connect' &&
  code !== queueFull &&
  code !== handshakeLate &&
  (cause !== undefined || inFlight <= 1)

/** A request is sent twice only if the first one cannot have been processed, or if that does no harm. */
function mayRetry({ request, choice, attempts }: AttemptStage, error: TopspinError): boolean {
  if (!attempts.replayable || (attempts.out?.length ?? 0) > httpLimits.replayBytesMax) return false
  if (error.retry === 'safe') return attempts.count <= safeAttemptsMax
  if (!request.head.isIdempotent || error.retry === 'never') return false
  const maxAttempts = request.rule?.settings.retries ?? choice.balancer.maxAttempts
  return maxAttempts > 0 && attempts.failures <= maxAttempts
}
