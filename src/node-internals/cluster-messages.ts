// The order of the primary of node:cluster to a worker to close its servers and to disconnect. Used by
// host/end-orders.ts.
//
// Relies on Node.js emitting messages between primary and workers as `internalMessage` of `process`, with `cmd` and `act`.

import cluster from 'node:cluster'
import { once } from 'node:events'

/** Whether an event of `process` is that order. */
export function isDisconnectOrder(event: string | symbol, message: unknown): boolean {
  if (event !== 'internalMessage') return false
  const { cmd, act } = (message ?? {}) as { readonly cmd?: unknown; readonly act?: unknown }
  return cmd === 'NODE_CLUSTER' && act === 'disconnect'
}

/** Tries it with a worker, and leaves the settings of node:cluster changed. */
export async function probeClusterMessages(): Promise<boolean> {
  const text = isDisconnectOrder.toString().replace(/^function \w+/, 'function seen')
  const code = `${text}
    const emit = process.emit
    process.emit = (event, ...args) => seen(event, args[0]) ? process.exit(3) : emit.call(process, event, ...args)`
  cluster.setupPrimary({ exec: 'probe', execArgv: ['-e', code], silent: true })
  const worker = cluster.fork()
  await once(worker, 'online')
  const exited = once(worker, 'exit')
  worker.disconnect()
  const [exitCode] = await exited
  return exitCode === 3
}
