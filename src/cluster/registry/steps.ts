// The changes of one message as they are made, with the snapshot that they have led to so far.

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
