// How many files and sockets a process of the bench may have open. scripts/bench.js has raised it as
// far as it may; Node.js itself raises the soft limit to the hard one.

import { readFileSync } from 'node:fs'

export const openFilesMax: number = Number(
  /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0,
)
