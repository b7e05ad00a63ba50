// What the nodes of a story executed: each run of a node writes the ids of its POSTs into a file of its
// own in one folder, so that they are known after SIGKILL, too.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How often each POST was executed, by its id. */
export function executionsIn(folder: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const file of readdirSync(folder)) {
    for (const id of readFileSync(join(folder, file), 'utf8').split('\n')) {
      if (id !== '') counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}
