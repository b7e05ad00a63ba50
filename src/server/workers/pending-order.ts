// The changes that a worker has not applied yet, as one order: later changes replace earlier ones of the same thing, so
// that its size is that of the cluster even if the worker does not answer for long. Pure. Used by worker-link.ts.

import { ChangeSet } from '../../cluster/change-set.ts'
import type { LiveFact } from '../../cluster/live-facts.ts'
import type { ProcessShare } from '../../cluster/process-share.ts'
import type { Change } from '../../cluster/snapshot.ts'
import type { PlaneSettings } from '../data-plane.ts'

export interface Order {
  readonly changes: readonly Change[]
  readonly facts: readonly LiveFact[]
  readonly reload?: PlaneSettings
  /** In limits of nodes that all workers share. */
  readonly share?: ProcessShare
  readonly reopenLogs?: boolean
  /** The answer contains the numbers of the nodes. Reading them takes time by the number of nodes. */
  readonly figures?: boolean
}

export class PendingOrder {
  readonly #changes: ChangeSet = new ChangeSet()
  readonly #facts: Map<number, LiveFact> = new Map()
  #reload: PlaneSettings | undefined
  #share: ProcessShare | undefined
  #reopenLogs = false
  #figures = false

  add({ changes, facts, reload, share, reopenLogs = false, figures = false }: Order): void {
    for (const change of changes) {
      this.#changes.add(change)
      if (change.kind === 'gone') this.#facts.delete(change.id)
    }
    for (const fact of facts) this.#facts.set(fact.id, fact)
    this.#reload = reload ?? this.#reload
    this.#share = share ?? this.#share
    this.#reopenLogs ||= reopenLogs
    this.#figures ||= figures
  }

  /** The order so far; the next one is empty. */
  flush(): Order {
    const order: Order = {
      changes: this.#changes.flush(),
      facts: [...this.#facts.values()],
      ...(this.#reload === undefined ? {} : { reload: this.#reload }),
      ...(this.#share === undefined ? {} : { share: this.#share }),
      ...(this.#reopenLogs ? { reopenLogs: true } : {}),
      ...(this.#figures ? { figures: true } : {}),
    }
    this.#facts.clear()
    this.#reload = undefined
    this.#share = undefined
    this.#reopenLogs = false
    this.#figures = false
    return order
  }
}
