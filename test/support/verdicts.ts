// What is judged of a summary of load, the same in every scene.

import type { Moved, Summary } from '../fixtures/load-generator.ts'

/** One run of a node, as far as it is judged. */
export interface JudgedRun {
  /** Its name in its answers. */
  readonly run: string
  /** When it was told to leave or killed, monotonic ms; Infinity before. */
  readonly leaveAt: number
}

/**
 * Answers to a live session by another run than its own. A session is live from the answer that began
 * it until its run begins to leave, and a run begins to leave at the moment that SIGTERM or SIGKILL is
 * sent to its process (taken just before). So an answer counts as wrong when all of it came before that
 * moment: whatever the proxy did with the request, it did while the session's node was there and stayed.
 */
export function wrongAnswers(summary: Summary, runs: readonly JudgedRun[]): Moved[] {
  const leaveAt = new Map(runs.map((node) => [node.run, node.leaveAt]))
  return summary.moved.filter(
    ({ home, answeredAt }) => answeredAt < (leaveAt.get(home) ?? Number.POSITIVE_INFINITY),
  )
}

/** POSTs that were executed more than once. */
export function repeated(executions: ReadonlyMap<string, number>): [string, number][] {
  return [...executions].filter(([, count]) => count > 1)
}
