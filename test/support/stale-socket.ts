// The file of a unix socket on which nobody listens any more, as a process leaves it that was killed.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const listenAndDie =
  "require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"

export async function leaveStaleSocket(path: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['-e', listenAndDie, path]).catch(() => {})
}
