// The busy share of the processors that this process may use. Read by the agent's load metrics and load report,
// and for the announcements of peers.

import { type Cgroup, findCgroup } from './cgroup.ts'
import { busyShare, type CpuTotals, machineCpu } from './cpu.ts'

/**
 * The busy share from one call of `read` to the next; the first returns `undefined`. It is that of the control
 * group when it has a limit (a container), otherwise of the machine, including other programs.
 */
export class ProcessorMeter {
  readonly #group: Cgroup | undefined
  #last: CpuTotals | undefined
  /** Processors that the control group grants, at the last reading; `undefined`: no limit. */
  limit: number | undefined

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
    this.limit = cpu?.limit
    if (cpu?.limit === undefined) return machineCpu()
    return { busyMs: cpu.used, totalMs: nowMs * cpu.limit }
  }
}
