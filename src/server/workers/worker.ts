// The program of a worker process: stands by for signals, ends with the primary, then loads and starts the traffic.
// Argument: process id of the primary.

import { workerLimits } from '../../base/limits.ts'
import { closeDebuggerOfBoot } from '../../host/debugger-of-boot.ts'

// A terminal sends them to the whole process group; the primary handles them.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
  process.on(signal, () => {})
closeDebuggerOfBoot()

const primary = Number(process.argv[2])

/** The channel may stay open, or end without an event, when the primary is killed within a message. */
function endWithPrimary(): void {
  if (!process.connected || process.ppid !== primary) process.kill(process.pid, 'SIGKILL')
}

process.on('disconnect', endWithPrimary)
setInterval(endWithPrimary, workerLimits.primaryEveryMs)

const { followPrimary } = await import('./traffic-worker.ts')
followPrimary()
