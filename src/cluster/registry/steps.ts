// Collects the changes of one message, with the snapshot after them.

import { applyChange, type Change, type Snapshot } from '../snapshot.ts'

export class Steps {
  readonly changes: Change[] = []
  readonly warnings: string[] = []
  snapshot: Snapshot

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot
  }

  apply(...changes: readonly Change[]): void {
    for (const change of changes) {
      this.changes.push(change)
      this.snapshot = applyChange(this.snapshot, change)
    }
  }
}
