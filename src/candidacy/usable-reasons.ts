// Why `usable` drops candidates, for explanations.

import type { Candidate, CandidateReason, ExchangeView, Preview } from './candidacy.ts'
import { nameOf } from './figures.ts'
import { isFull } from './full.ts'
import { bestTier, tierOf } from './usable-tier.ts'

/** @param left what `usable` leaves. @returns `undefined` when it drops none. */
export function usablePreview(
  candidates: readonly Candidate[],
  left: readonly Candidate[],
  exchange: ExchangeView,
): Preview | undefined {
  const isLastResort = left.some(({ live }) => live.health.kind === 'down')
  if (left.length === candidates.length && !isLastResort) return undefined
  const dropped = candidates.filter((candidate) => !left.includes(candidate))
  const [only] = left
  const why = isLastResort
    ? 'no node is usable, so one that refused connections is tried'
    : left.length === 1 && only !== undefined
      ? `${nameOf(only)} is the only usable one of ${candidates.length}`
      : `${left.length} of ${candidates.length} are usable`
  return { left, why, reasons: dropped.map((candidate) => reasonOf(candidate, exchange)) }
}

function reasonOf(candidate: Candidate, exchange: ExchangeView): CandidateReason {
  const { inFlight, waiting } = candidate.live
  return {
    candidate: nameOf(candidate),
    figures: new Map([
      ['inFlight', inFlight],
      ['queued', waiting],
    ]),
    why: `${nameOf(candidate)}: ${whyNot(candidate, exchange)}`,
  }
}

/** As in usable.ts, in the same order. */
function whyNot(candidate: Candidate, exchange: ExchangeView): string {
  const { hasSession, tried, isQueued } = exchange
  const { live, node, status } = candidate
  const { health } = live
  if (status === 'STOPPED') return 'its context is stopped'
  if (status === 'DISABLED' && !hasSession)
    return 'its context is disabled, and there is no session'
  if (health.kind === 'down') return `down (${health.reason})`
  if (live.loadFactor === -1) return 'broken (load factor -1)'
  if (tried.includes(node.id)) return 'has failed for this request'
  if (isFull(live, isQueued === true)) return fullText(candidate)
  if (status === 'DISABLED') return 'its context is disabled, and the session is of another node'
  if (tierOf(candidate, exchange) === bestTier) return 'ejected for errors'
  if (node.own?.backup === true) return 'a backup, and a node is usable that is none'
  return 'not checked yet, and another node is'
}

function fullText({ live }: Candidate): string {
  const { inFlight, inFlightMax, waiting } = live
  if (inFlight < inFlightMax) return 'its free place is for a request in its queue'
  return `full (${inFlight} of ${inFlightMax} requests, ${waiting} in its queue)`
}
