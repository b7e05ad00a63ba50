// Stage 8: the exchange is over: the connection goes back to the pool or is closed; counts, health, buffers, access log.

import { onAnswered } from '../../cluster/health.ts'
import type { NodeLive } from '../../cluster/live.ts'
import type { ExchangeState } from '../exchange-state.ts'
import { leaveNode } from './attempt.ts'
import { measure } from './measure.ts'

/** The response is complete. @param reusable nothing is left on the node's connection that the next exchange would read. */
export function complete(state: ExchangeState, reusable: boolean): void {
  const { attempts, request, response, client } = state
  const { node, candidate } = attempts
  if (node === undefined || candidate === undefined) return
  const { live } = candidate
  if (live.health.kind !== 'up') noteAnswer(live, state.traffic.clock.now())
  if (response.isBlocked) {
    if (client.framed !== undefined) node.resume()
    else node.detachBuffer()
  }
  const { head } = response
  const rests = head.framing(request.head.isHead) === 'none'
  node.release(reusable && request.body.done && head.keepAlive, rests)
  const isError = response.status >= 500
  if (isError) live.errors++
  const now = state.traffic.receivedAt.now()
  leaveNode(state, candidate, isError ? 'error' : 'good', now)
  settle(state, '', now)
  client.exchangeOver(response.closes)
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
  if (traffic.accessLog !== undefined) logAccess(state, candidate?.node.route ?? '', code, now)
}

function logAccess(
  { request, attempts, response, client, traffic }: ExchangeState,
  route: string,
  code: string,
  now: number,
): void {
  const { line } = request
  if (line === undefined) return
  request.line = undefined
  traffic.accessLog?.({
    method: line.method,
    target: line.target,
    host: line.host,
    protocol: line.protocol,
    userAgent: line.userAgent,
    time: traffic.clock.wall(),
    client: line.client,
    remote: client.address,
    status: response.status,
    code,
    route,
    attempts: attempts.count,
    durationMs: now - request.startedAt,
    bytes: response.bytesOut,
    bytesIn: attempts.bodyBytes,
  })
}
