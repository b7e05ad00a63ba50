// Stage 8: the exchange is over: the connection goes back to the pool or is closed; counts, health, buffers, access log.

import { onAnswered } from '../../cluster/health.ts'
import type { NodeLive } from '../../cluster/live.ts'
import { contextName } from '../../cluster/request-times.ts'
import type { ExchangeState } from '../exchange-state.ts'
import type { AccessEntry } from '../shared/access-log.ts'
import { leaveNode } from './attempt.ts'
import { measure } from './measure.ts'

/** The response is complete. @param reusable nothing is left on the node's connection that the next exchange would read. */
export function complete(state: ExchangeState, reusable: boolean): void {
  const now = releaseNode(state, reusable)
  if (now !== undefined) finish(state, now)
}

/** The response has left for the client. @param now ms of the clock. */
export function finish(state: ExchangeState, now: number): void {
  settle(state, '', now)
  state.client.exchangeOver(state.response.closes)
}

/** The node's part is complete. @returns the time, ms of the clock; `undefined` when no node was left. */
export function releaseNode(state: ExchangeState, reusable: boolean): number | undefined {
  const { attempts, request, response, client } = state
  const { node, candidate } = attempts
  if (node === undefined || candidate === undefined) return undefined
  const { live } = candidate
  if (live.health.kind !== 'up') noteAnswer(live, state.traffic.clock.now())
  if (response.isBlocked) {
    if (client.framed !== undefined || response.compressor !== undefined) node.resume()
    else node.detachBuffer()
  }
  const { head } = response
  const rests = head.framing(request.head.isHead) === 'none'
  node.release(reusable && request.body.done && head.keepAlive, rests)
  const isError = response.status >= 500
  if (isError) live.errors++
  const now = state.traffic.receivedAt.now()
  leaveNode(state, candidate, isError ? 'error' : 'good', now)
  attempts.node = undefined
  return now
}

function noteAnswer(live: NodeLive, now: number): void {
  const isFirst = live.health.kind === 'unchecked'
  live.health = onAnswered(live.health)
  // Its score is aligned with those of the nodes that are preferred until a node is checked.
  if (!isFirst) return
  live.epoch++
  live.upAt = now
}

/**
 * @param code why the proxy answered itself or cut the response; '' when a node answered.
 * @param now ms of the clock.
 */
export function settle(state: ExchangeState, code: string, now: number): void {
  const { traffic, attempts, response } = state
  const { out, candidate } = attempts
  // A failed connection may still hold the bytes of its request, so they are not used again.
  if (out !== undefined && code === '') traffic.buffers.releaseOut(out)
  measure(state, now)
  attempts.out = undefined
  attempts.candidate = undefined
  attempts.node = undefined
  response.partial = undefined
  response.compressor?.destroy()
  response.compressor = undefined
  if (state.request.line !== undefined) logAccess(state, candidate?.node.route ?? '', code, now)
}

const none: readonly string[] = []

function logAccess(
  { request, choice, attempts, response, client, traffic }: ExchangeState,
  route: string,
  code: string,
  now: number,
): void {
  const { line } = request
  if (line === undefined) return
  request.line = undefined
  const entry: AccessEntry = {
    method: line.method,
    target: line.target,
    host: line.host,
    protocol: line.protocol,
    tls: line.tls,
    userAgent: line.userAgent,
    time: traffic.clock.wall(),
    client: line.client,
    remote: client.address,
    status: response.status,
    code,
    route,
    balancer: choice.balancer.name,
    context: contextName(choice.application),
    rule: request.rule?.label ?? '',
    attempts: attempts.count,
    waitMs: attempts.readyAt > 0 ? attempts.readyAt - request.startedAt : null,
    firstByteMs: response.headAt > 0 ? response.headAt - request.startedAt : null,
    durationMs: now - request.startedAt,
    bytes: response.bytesOut,
    bytesIn: attempts.bodyBytes,
    requestId: request.id,
    traceId: request.trace?.traceId ?? '',
    // After a reload they may be the values of other fields.
    fields: line.names === traffic.accessFields ? line.fields : none,
  }
  traffic.accessLog?.(entry)
  if (request.trace?.isSampled === true) request.trace.end(entry)
}
