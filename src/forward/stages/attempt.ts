// Stage 6: one try to get an answer from one node, and what follows when it fails.

import { TopspinError } from '../../base/errors.ts'
import { httpLimits } from '../../base/limits.ts'
import { onAnswerFailed, onConnectFailed } from '../../cluster/health.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { Out } from '../../wire/http/out.ts'
import { problemOf } from '../../wire/http/problem.ts'
import type { Exchange } from '../exchange.ts'
import { choose } from './choose.ts'
import { cut } from './cut.ts'
import { outgoingAgain } from './outgoing.ts'
import { headLarge, nodeFailed, noNode, proxyFull, type Refusal } from './refusal.ts'
import { leaveNode } from './settle.ts'

/** @returns why no attempt could be made. */
export function attempt(exchange: Exchange, candidate: Candidate): Refusal | undefined {
  const { traffic, client } = exchange
  const { live } = candidate
  const node = traffic.pools.of(candidate.node, traffic).lease(exchange.freshOnly)
  if (node === undefined) return shortOfConnections(exchange)
  exchange.candidate = candidate
  exchange.attempts++
  live.inFlight++
  candidate.contextLive.inFlight++
  if (exchange.route === candidate.node.route) {
    live.sessions.note(exchange.sessionId, traffic.clock.now())
  }
  live.elected++
  exchange.node = node
  node.attach(exchange)
  if (exchange.readsLatency) exchange.sentAt = traffic.clock.now()
  const bytes = (exchange.out as Out).content
  live.bytesSent += bytes.length
  const sent = node.write(bytes)
  if (node.isReady) node.deadline = traffic.ticker.now + exchange.responseHeadMs
  if (exchange.requestBody.done) return undefined
  // What is read while the connection is being made could not be sent again elsewhere.
  if (sent && node.isReady) client.resumeBody()
  else client.pauseBody()
  return undefined
}

/** Sends on what has arrived of the request's body. @returns the offset behind it. */
export function sendBody(exchange: Exchange, bytes: Buffer, length: number): number {
  const { requestBody, traffic, client } = exchange
  const node = exchange.node
  if (node === undefined) return length
  exchange.replayable = false
  node.deadline = traffic.ticker.now + exchange.responseHeadMs
  if (requestBody.passes(0, length)) {
    const piece = length === bytes.length ? bytes : bytes.subarray(0, length)
    bodySent(exchange, length)
    if (!node.write(piece) && !requestBody.done) client.pauseBody()
    return length
  }
  const out = new Out(length + 256)
  const behind = requestBody.relay(bytes, 0, length, out)
  if (behind < 0) {
    leaveNode(exchange, false)
    if (exchange.answered) cut(exchange, problemOf(behind).code)
    else exchange.refuse(problemOf(behind))
    return length
  }
  bodySent(exchange, behind)
  if (!node.write(out.content) && !requestBody.done) client.pauseBody()
  return behind
}

function bodySent(exchange: Exchange, length: number): void {
  const { candidate, client } = exchange
  if (candidate !== undefined) candidate.live.bytesSent += length
  client.bodyProgress()
}

/**
 * No answer came, for a reason that may be the node's or the network's: once more, or
 * @returns what the client is to be answered.
 */
export function attemptFailed(exchange: Exchange, error: TopspinError): Refusal | undefined {
  const { traffic, candidate, node } = exchange
  if (candidate === undefined || node === undefined) return undefined
  if (error.side === 'proxy') {
    leaveNode(exchange, false)
    return shortOfConnections(exchange)
  }
  if (error.side === 'client') {
    leaveNode(exchange, false)
    return headLarge
  }
  const wasReused = node.isReused
  observe(exchange, error, wasReused)
  leaveNode(exchange, true)
  // A node that cannot be reached has done nothing: the client may well ask again.
  const refusal = error.phase === 'connect' ? noNode : nodeFailed
  if (error.retry !== 'safe' && !wasReused) exchange.failures++
  if (!mayRetry(exchange, error)) return refusal
  // A connection that had waited says nothing about the node: the same node again, on a fresh one.
  if (!wasReused) exchange.tried = [...exchange.tried, candidate.node.id]
  // Nor may the next one fail for that.
  exchange.freshOnly = true
  exchange.partial = undefined
  const next = choose(exchange)
  if (next === undefined) return refusal
  if (!traffic.retryBudget.take(traffic.ticker.now)) {
    traffic.counters.retriesRefused++
    return refusal
  }
  traffic.counters.retries++
  outgoingAgain(exchange, next)
  return attempt(exchange, next)
}

/** It is this process that can open no more connections: nothing is known about the node. */
function shortOfConnections(exchange: Exchange): Refusal {
  exchange.traffic.counters.shortages++
  return proxyFull
}

/** The node has not answered in time. It may be at work on the request: no second attempt. */
export function timedOut(exchange: Exchange): void {
  const text = 'the node did not answer in time'
  const detail = { side: 'node', phase: 'head', retry: 'never' } as const
  observe(exchange, new TopspinError('NODE_TIMEOUT', text, detail), false)
  leaveNode(exchange, true)
}

function observe(exchange: Exchange, error: TopspinError, wasReused: boolean): void {
  const { traffic, candidate } = exchange
  if (candidate === undefined || wasReused) return
  const { live, node } = candidate
  const { settings, clock, random, log } = traffic
  const before = live.health
  const observed = error.phase === 'connect' ? onConnectFailed : onAnswerFailed
  live.health = observed(before, error.message, clock.now(), random, settings.health)
  if (before.kind !== 'down' && live.health.kind === 'down') {
    live.joining = true
    log.warn({ route: node.route, reason: error.message }, 'node is down')
    traffic.onNodeDown(node.id, error.message)
  }
}

/** A request is sent twice only when the first one cannot have been processed, or when that does no harm [RFC 9110 9.2.2]. */
function mayRetry(exchange: Exchange, error: TopspinError): boolean {
  const { head, attempts, failures, balancer } = exchange
  if (!exchange.replayable || (exchange.out?.length ?? 0) > httpLimits.replayBytesMax) return false
  if (error.retry === 'safe') return attempts <= safeAttemptsMax
  if (!head.isIdempotent || error.retry === 'never') return false
  return balancer.maxAttempts > 0 && failures <= balancer.maxAttempts
}

/** Connections refused in a row before the client is told; each was another node. */
const safeAttemptsMax = 8
