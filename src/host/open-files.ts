// The limit of open files and sockets of this process. The proxy keeps its connections below it.

import { readFileSync } from 'node:fs'

/** `undefined` when the system has no limit or does not report it. */
export function openFilesMax(): number | undefined {
  try {
    return parseOpenFilesMax(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    return undefined
  }
}

/** The soft limit from Linux' `/proc/PID/limits`; Node.js raises it to the hard one when it starts. */
export function parseOpenFilesMax(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)\s/m.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}
