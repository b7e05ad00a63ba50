// Still stage 8: the times of an exchange that has ended are counted, for its context and for the node that answered.

import { timesOf } from '../../cluster/live.ts'
import { nodeHistograms, requestHistograms } from '../../cluster/times.ts'
import type { ExchangeState } from '../exchange-state.ts'

const switchingProtocols = 101

/** @param now ms of the clock. The time of a tunnel says nothing about the response, so it is not counted. */
export function measure(
  { request, choice, attempts, response, client, traffic }: Readonly<ExchangeState>,
  now: number,
): void {
  const { startedAt } = request
  const { readyAt } = attempts
  const { headAt, status } = response
  const isTunnel = status === switchingProtocols
  const times = traffic.requestTimes.of(choice.application, client.listener ?? 0)
  times.count(status)
  times.observe(requestHistograms.attempts, attempts.count)
  if (!isTunnel) {
    const value = now - startedAt
    times.observe(requestHistograms.duration, value)
    const { trace } = request
    if (trace?.isSampled === true)
      times.exemplify(requestHistograms.duration, {
        traceId: trace.traceId,
        value,
        at: traffic.clock.wall(),
      })
  }
  if (readyAt > 0) times.observe(requestHistograms.wait, readyAt - startedAt)
  const { candidate } = attempts
  if (headAt === 0 || candidate === undefined) return
  times.observe(requestHistograms.firstByte, headAt - startedAt)
  const ofNode = timesOf(candidate.live)
  ofNode.count(status)
  ofNode.observe(nodeHistograms.firstByte, headAt - readyAt)
  if (!isTunnel) ofNode.observe(nodeHistograms.duration, now - readyAt)
}
