// Open files for logs, and whether a write to them can block. A write to a pipe or a terminal cannot: it fails with EAGAIN
// while the reader stands still. Used by line-output.ts.

import { close, constants, fstatSync, open, openSync } from 'node:fs'
import { logOutputLimits } from '../base/limits.ts'

export interface WriteTarget {
  readonly fd: number
  /** A write needs a thread, which may have to wait. */
  readonly mayBlock: boolean
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants

/** Standard output (1) or standard error (2). */
export function standardTarget(fd: 1 | 2): WriteTarget {
  const stats = fstatSync(fd)
  if (stats.isFile()) return { fd, mayBlock: true }
  try {
    // A description of its own of the same pipe or terminal: O_NONBLOCK affects no other program that writes to it.
    const own = openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NOCTTY | O_NONBLOCK)
    return { fd: own, mayBlock: false }
  } catch {
    // A socket, or a file of another user. A child process that inherits it ends O_NONBLOCK for both.
    if (stats.isFIFO() || stats.isSocket()) setNonBlocking(fd)
    return { fd, mayBlock: true }
  }
}

/** Node.js sets O_NONBLOCK on a pipe or a socket when it makes the stream for it. */
function setNonBlocking(fd: 1 | 2): void {
  const stream = fd === 1 ? process.stdout : process.stderr
  stream.on('error', () => {})
}

/** Rejects when the destination of an access log cannot be opened. @param destination a file, `stdout` or `off`. */
export async function tryFile(destination: string): Promise<void> {
  if (destination === 'off' || destination === 'stdout') return
  const { fd } = await fileTarget(destination)
  close(fd, () => {})
}

/** Opens a file for appending. A named pipe needs a reader. Rejects at a deadline, too. */
export function fileTarget(path: string): Promise<WriteTarget> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const deadline = setTimeout(() => {
      isLate = true
      reject(new Error(`${path}: not opened within ${logOutputLimits.openMs} ms`))
    }, logOutputLimits.openMs)
    const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK
    open(path, flags, 0o666, (error, fd) => {
      clearTimeout(deadline)
      if (error !== null) reject(error)
      else if (isLate) close(fd)
      else resolve({ fd, mayBlock: fstatSync(fd).isFile() })
    })
  })
}
