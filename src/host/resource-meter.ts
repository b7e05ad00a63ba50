// What this machine, or the container that this process is in, has and has free: the part of a peer's
// announcement that is not about requests. Called by the announcer.

import type { Resources } from '../wire/announcement.ts'
import { type Cgroup, findCgroup } from './cgroup.ts'
import { EventLoopDelayMeter } from './event-loop.ts'
import { machineLoad } from './load-average.ts'
import { grantedMemory } from './memory.ts'
import { ProcessorMeter } from './processor-meter.ts'
import { grantedProcessorShare } from './processors.ts'

export type HostResources = Pick<
  Resources,
  'cores' | 'load' | 'loadHigh' | 'cpuIdle' | 'memoryTotal' | 'memoryAvailable' | 'eventLoopDelayMs'
>

export class ResourceMeter {
  readonly #everyMs: number
  readonly #group: Cgroup | undefined
  readonly #processor: ProcessorMeter
  readonly #loop = new EventLoopDelayMeter()
  #readAt = Number.NEGATIVE_INFINITY
  #busy = 0
  #loadHigh = 1
  #last: HostResources

  /** @param everyMs the figures look back over at least so much time; asked more often, the last ones are given. */
  constructor(everyMs: number, nowMs: number, group: Cgroup | undefined = findCgroup()) {
    this.#everyMs = everyMs
    this.#group = group
    this.#processor = new ProcessorMeter(group)
    this.#processor.read(nowMs)
    this.#last = this.#read(nowMs)
  }

  read(nowMs: number): HostResources {
    if (nowMs - this.#readAt >= this.#everyMs) this.#last = this.#read(nowMs)
    return this.#last
  }

  close(): void {
    this.#loop.close()
  }

  #read(nowMs: number): HostResources {
    this.#readAt = nowMs
    // Without news of the processors (no time has passed for them) the last figure stands.
    this.#busy = Math.min(1, this.#processor.read(nowMs) ?? this.#busy)
    const cores = grantedProcessorShare(this.#group)
    // Where the system counts no run queue, the processors that are busy stand in for it.
    const load = machineLoad() ?? this.#busy * cores
    while (this.#loadHigh < load) this.#loadHigh *= 2
    const memory = grantedMemory(this.#group)
    return {
      cores,
      load,
      loadHigh: this.#loadHigh,
      cpuIdle: 1 - this.#busy,
      memoryTotal: memory.total,
      memoryAvailable: memory.available,
      eventLoopDelayMs: this.#loop.read() ?? 0,
    }
  }
}
