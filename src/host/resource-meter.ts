// Total and free resources of this machine or container: the part of a peer's announcement that is not about
// requests. Read by the announcer.

import type { Resources } from '../wire/announcement.ts'
import { type Cgroup, findCgroup } from './cgroup.ts'
import type { TimerDelayMeter } from './event-loop.ts'
import { machineLoad } from './load-average.ts'
import { grantedMemory } from './memory.ts'
import { ProcessorMeter } from './processor-meter.ts'
import { grantedProcessorShare } from './processors.ts'

type HostResources = Pick<
  Resources,
  'cores' | 'load' | 'loadHigh' | 'cpuIdle' | 'memoryTotal' | 'memoryAvailable' | 'eventLoopDelayMs'
>

export class ResourceMeter {
  readonly #everyMs: number
  readonly #group: Cgroup | undefined
  readonly #processor: ProcessorMeter
  readonly #loop: TimerDelayMeter
  #readAt = Number.NEGATIVE_INFINITY
  #busy = 0
  #loadHigh = 1
  #last: HostResources

  /** @param everyMs shortest period that the figures cover; within it `read` returns the last ones. */
  constructor(
    everyMs: number,
    nowMs: number,
    loop: TimerDelayMeter,
    group: Cgroup | undefined = findCgroup(),
  ) {
    this.#loop = loop
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

  #read(nowMs: number): HostResources {
    this.#readAt = nowMs
    // Without a new reading of the processors the last one stands.
    this.#busy = Math.min(1, this.#processor.read(nowMs) ?? this.#busy)
    const cores = grantedProcessorShare(this.#processor.limit)
    // Windows has no load average; the number of busy processors is the nearest figure.
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
