// Stage 8: what remains when an exchange is over: the connection given back or destroyed, counts,
// health, access log.

import { onAnswered } from '../../cluster/health.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Exchange } from '../exchange.ts'

/** A request that `attempt` has counted in is over. */
export function countOut({ live, contextLive }: Candidate): void {
  live.inFlight--
  contextLive.inFlight--
}

/** Parts from the node; `failed` counts against it. The connection is not used again. */
export function leaveNode(exchange: Exchange, failed: boolean): void {
  const { node, candidate } = exchange
  if (node === undefined || candidate === undefined) return
  countOut(candidate)
  if (failed) candidate.live.failures++
  exchange.node = undefined
  node.destroy()
}

/** The answer is complete. @param clean nothing is left on the connection that the next exchange could trip over. */
export function answerComplete(exchange: Exchange, clean: boolean): void {
  const { node, candidate, client } = exchange
  if (node === undefined || candidate === undefined) return
  const { live } = candidate
  countOut(candidate)
  live.health = onAnswered(live.health)
  exchange.node = undefined
  if (client.pending > 0) node.leaveBuffer()
  // What the node answered without taking must not stand before the next request, nor be sent from bytes used again.
  const taken = exchange.requestBody.done && node.pending === 0
  if (clean && taken && exchange.response.keepAlive) node.giveBack()
  else node.destroy()
  settle(exchange, '')
  client.exchangeOver(exchange.closes)
}

/** @param code why the proxy answered itself or cut the answer; '' when a node answered. */
export function settle(exchange: Exchange, code: string): void {
  const { traffic, line, candidate, client } = exchange
  traffic.waiting.delete(exchange)
  if (exchange.out !== undefined) {
    // While a failed connection may still hold the bytes they are left to it.
    if (code === '') traffic.buffers.releaseOut(exchange.out)
    exchange.out = undefined
  }
  exchange.partial = undefined
  exchange.candidate = undefined
  exchange.node = undefined
  if (traffic.accessLog === undefined || line === undefined) return
  traffic.accessLog({
    method: line.method,
    target: line.target,
    host: line.host,
    time: traffic.clock.wall(),
    client: client.address,
    status: exchange.status,
    code,
    route: candidate?.node.route ?? '',
    attempts: exchange.attempts,
    durationMs: traffic.clock.now() - exchange.startedAt,
    bytes: exchange.bytesOut,
  })
}
