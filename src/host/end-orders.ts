// The orders to end that reach a process beside signals: the message `shutdown` of PM2, `worker.disconnect()` of the
// primary of node:cluster, and the loss of that primary. As events of `process`; used by signals.ts.

import cluster from 'node:cluster'
import { isDisconnectOrder } from '../node-internals/cluster-messages.ts'

/** An event of `process` that ends it. */
export interface EndOrder {
  /** Whether something beside this module acts on it. */
  isHandled(ignored: NodeJS.MessageListener): boolean
  /** Exit code of a process that nothing else ends. */
  readonly exitCode: number
}

/** @returns `undefined` for all other events. */
export function endOrderOf(event: string | symbol, first: unknown): EndOrder | undefined {
  if (event === 'message' && first === 'shutdown') return shutdown
  if (!cluster.isWorker) return undefined
  return event === 'disconnect' || isDisconnectOrder(event, first) ? byNode : undefined
}

/** PM2 has a listener of its own for its logs, in each process that it runs in cluster mode. */
const shutdown: EndOrder = {
  isHandled: (ignored) =>
    process
      .listeners('message')
      .some((listener) => listener !== ignored && !String(listener).includes('log:reload')),
  exitCode: 0,
}

/** Node.js closes the servers of the worker, or exits. */
const byNode: EndOrder = { isHandled: () => true, exitCode: 0 }

/** Under PM2 a process outside cluster mode gets messages only while it has a listener for them. */
export function listenForMessages(listener: NodeJS.MessageListener): () => void {
  if (process.env['pm_id'] === undefined || process.channel === undefined) return () => {}
  process.on('message', listener)
  // The listener must not keep the process alive.
  if (!cluster.isWorker) process.channel.unref()
  return () => process.off('message', listener)
}
