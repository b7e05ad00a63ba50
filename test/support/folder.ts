// Folders of tests that stay until the test's process ends: processes that a test kills last may still write there, and a
// folder that cannot be removed fails the test and leaves its other hooks undone.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  if (made.length === 0) process.once('exit', removeAll)
  made.push(folder)
  return folder
}

function removeAll(): void {
  for (const folder of made) {
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // A process that was killed a moment ago still writes there.
    }
  }
}
