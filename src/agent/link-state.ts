// The state of the link to one proxy as a value, and how events change it. Pure; proxy-link.ts does what each state
// requires.

import type { Random } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'

/**
 * - `discover`: the proxy is asked for its registrations (INFO) until it answers.
 * - `register`: the missing messages and the first load report are sent.
 * - `report`: registered; load reports are sent.
 * - `drain`: this node is leaving.
 * - `gone`: removed, or abandoned. Final.
 */
export type LinkState =
  | { readonly kind: 'discover'; readonly failures: number; readonly reason?: string }
  | { readonly kind: 'register'; readonly failures: number }
  | {
      readonly kind: 'report'
      /** False when the proxy replied that it cannot connect to this node (`State=NOTOK`). */
      readonly reachable: boolean
      /** Why it cannot, as far as the proxy replied; absent when it can. */
      readonly reason?: string
      /** Changes when the proxy restarts. */
      readonly id: string | undefined
    }
  | { readonly kind: 'drain' }
  | { readonly kind: 'gone'; readonly reason?: string }

export type LinkEvent =
  | { readonly kind: 'informed' }
  | {
      readonly kind: 'reported'
      readonly reachable: boolean
      readonly reason?: string | undefined
      readonly id: string | undefined
    }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'leave' }
  | { readonly kind: 'left'; readonly reason?: string }

export const firstLinkState: LinkState = { kind: 'discover', failures: 0 }

export function nextLinkState(state: LinkState, event: LinkEvent): LinkState {
  if (state.kind === 'gone') return state
  switch (event.kind) {
    case 'leave':
      return { kind: 'drain' }
    case 'left':
      return event.reason === undefined ? { kind: 'gone' } : { kind: 'gone', reason: event.reason }
    case 'informed':
      return state.kind === 'discover' ? { kind: 'register', failures: state.failures } : state
    case 'reported':
      return afterReport(state, event)
    case 'failed':
      return afterFailure(state, event.reason)
  }
}

/**
 * Milliseconds until the next attempt: 0 at first, because a restarted proxy is back already; then 100 ms, doubled with
 * each failure up to the report interval. Each delay is between half of that and all of it, so that the nodes of a
 * cluster do not return at the same moment.
 */
export function retryDelayMs(failures: number, reportIntervalMs: number, random: Random): number {
  if (failures === 0) return 0
  const whole = Math.min(reportIntervalMs, agentLimits.retryMs * 2 ** Math.min(failures - 1, 20))
  return whole * (0.5 + random() / 2)
}

/** Another id means that the proxy has restarted and may have lost all registrations. The same object: no change. */
function afterReport(
  state: LinkState,
  { reachable, reason, id }: Extract<LinkEvent, { kind: 'reported' }>,
): LinkState {
  if (state.kind === 'report' && state.id !== id) {
    return { kind: 'discover', failures: 0, reason: 'the proxy has restarted' }
  }
  if (state.kind !== 'report' && state.kind !== 'register') return state
  if (state.kind === 'report' && state.reachable === reachable && state.reason === reason)
    return state
  return { kind: 'report', reachable, ...(reason === undefined ? {} : { reason }), id }
}

function afterFailure(state: LinkState, reason: string): LinkState {
  switch (state.kind) {
    case 'report':
      return { kind: 'discover', failures: 0, reason }
    case 'discover':
    case 'register':
      return { kind: 'discover', failures: state.failures + 1, reason }
    default:
      return state
  }
}
