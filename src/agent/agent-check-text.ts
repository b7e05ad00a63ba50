// The answer to an agent check of HAProxy ("agent-check" in its configuration manual): this node's load factor and the
// states of its contexts in HAProxy's words. Pure. Sent by agent-check.ts.

import type { ContextState } from './registration.ts'

/**
 * One line. `down`: broken; `maint`: all contexts are STOPPED, so nothing may arrive; `drain`: none is ENABLED, so only
 * requests of sessions may; otherwise the share of the server's weight. A standby (0) has 1 %: with 0 % HAProxy would
 * not use it even when no other server is left.
 * @param load the load factor, -1..100. @param states of the contexts of this node.
 */
export function agentCheckText(load: number, states: Iterable<ContextState>): string {
  if (load < 0) return 'down\n'
  let isStopped = true
  for (const state of states) {
    if (state === 'ENABLED') return `${Math.max(1, Math.round(load))}% up ready\n`
    if (state === 'DISABLED') isStopped = false
  }
  return isStopped ? 'maint\n' : 'drain\n'
}
