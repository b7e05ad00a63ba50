// How many files and sockets this process may have open at a time. Called by the proxy, which keeps its
// connections below it.

import { readFileSync } from 'node:fs'

/** `undefined` where the system does not tell, or sets no limit. */
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
