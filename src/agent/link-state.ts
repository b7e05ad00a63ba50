// Where this node stands with one proxy, as a value, and how events move it. Pure; proxy-link.ts does
// what each state asks for.

import type { Random } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'

/**
 * - `discover`: the proxy is asked what it knows (INFO), again and again until it answers.
 * - `register`: it gets what it lacks, and a first load report.
 * - `report`: it knows everything and gets load reports.
 * - `drain`: this node is leaving.
 * - `gone`: removed, or given up. Final.
 */
export type LinkState =
  | { readonly kind: 'discover'; readonly failures: number; readonly reason?: string }
  | { readonly kind: 'register'; readonly failures: number }
  | {
      readonly kind: 'report'
      /** False when the proxy said that it cannot reach this node (`State=NOTOK`). */
      readonly reachable: boolean
      /** Changes when the proxy restarts. */
      readonly id: string | undefined
    }
  | { readonly kind: 'drain' }
  | { readonly kind: 'gone'; readonly reason?: string }

export type LinkEvent =
  | { readonly kind: 'informed' }
  | { readonly kind: 'reported'; readonly reachable: boolean; readonly id: string | undefined }
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
      return reported(state, event.reachable, event.id)
    case 'failed':
      return failed(state, event.reason)
  }
}

/**
 * Milliseconds to wait before the next try after so many failures in a row: none at first (a proxy
 * that restarted is back already), then 100 ms doubling up to the report interval, each time between
 * a half and the whole of it, so that the nodes of a cluster do not come back as one.
 */
export function retryDelayMs(failures: number, reportIntervalMs: number, random: Random): number {
  if (failures === 0) return 0
  const whole = Math.min(reportIntervalMs, agentLimits.retryMs * 2 ** Math.min(failures - 1, 20))
  return whole * (0.5 + random() / 2)
}

/** Another id is another run of the proxy, which may have forgotten everything: ask. */
function reported(state: LinkState, reachable: boolean, id: string | undefined): LinkState {
  if (state.kind === 'report' && state.id !== id) {
    return { kind: 'discover', failures: 0, reason: 'the proxy has restarted' }
  }
  if (state.kind !== 'report' && state.kind !== 'register') return state
  return { kind: 'report', reachable, id }
}

function failed(state: LinkState, reason: string): LinkState {
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
