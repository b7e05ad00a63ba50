// `topspin` as a worker of node:cluster, as in PM2's cluster mode: the proxy would listen through the primary, which
// distributes connections without regard to the proxy's own workers.

import { exitCodes } from './failure.ts'

/** How long PM2 may take to write the message. */
const writeMs = 1_000

/** Says what to use instead, and ends the process: the channel to the primary would keep it alive. */
export function refuseWorker(): void {
  const end = (): never => process.exit(exitCodes.usage)
  setTimeout(end, writeMs)
  process.stderr.write(
    "topspin: this process is a worker of node:cluster, as in PM2's cluster mode. topspin starts workers itself " +
      '(--workers N): run it once, in fork mode (exec_mode: "fork", instances: 1), or under systemd\n',
    end,
  )
}
