// The primary of node:cluster under `topspin/auto`: a signal that reaches it alone, as from Docker or systemd, is passed on
// to its workers, and it ends after them. Without it the port would close before they have left.

import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { withDeadline } from '../base/wait.ts'
import { interceptEvents } from '../node-internals/intercept-events.ts'
import { holdSignals } from './signals.ts'

/**
 * Call it in a process that may become a primary. A primary with handlers of its own for signals is left alone.
 * @param withinMs how long the primary waits for its workers.
 */
export function forwardSignals(withinMs: number): void {
  cluster.once('fork', () =>
    holdSignals({
      leave: async (handled) => {
        if (handled) return
        // Applications replace workers that exit.
        interceptEvents(cluster, (event) => event === 'exit' || event === 'disconnect')
        await withDeadline(Promise.all(workers().map(end)), withinMs, () => [])
      },
      hurry: () => {
        for (const worker of workers()) worker.process.kill('SIGTERM')
      },
    }),
  )
}

const workers = (): Worker[] =>
  Object.values(cluster.workers ?? {}).filter((each) => each !== undefined)

async function end({ process: child }: Worker): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
