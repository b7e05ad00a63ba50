// Busy share of the processors that this process may use, as a meter that is read again and again: by the
// agent's load metrics and load report, and by a peer's announcements.

import { type Cgroup, findCgroup } from './cgroup.ts'
import { busyShare, type CpuTotals, machineCpu } from './cpu.ts'

/**
 * The busy share from one call of `read` to the next; nothing at first. Of the control group where it has a
 * limit (a container), else of the machine, other programs included.
 */
export class ProcessorMeter {
  readonly #group: Cgroup | undefined
  #last: CpuTotals | undefined

  constructor(group: Cgroup | undefined = findCgroup()) {
    this.#group = group
  }

  read(nowMs: number): number | undefined {
    const last = this.#last
    this.#last = this.#totals(nowMs)
    return last === undefined ? undefined : busyShare(last, this.#last)
  }

  #totals(nowMs: number): CpuTotals {
    const cpu = this.#group?.cpu()
    if (cpu?.limit === undefined) return machineCpu()
    return { busyMs: cpu.used, totalMs: nowMs * cpu.limit }
  }
}
