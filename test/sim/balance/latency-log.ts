// What a server answers to Prequal's probes: the median of the last times that requests took which found about as
// many there as there are now.

/** Numbers of requests up to here have a class each, larger ones four classes for each doubling. */
const exactMax = 16
const classesMax = 64
const samplesMax = 9
const freshMs = 5_000

interface Samples {
  readonly ms: number[]
  at: number
}

export class LatencyLog {
  readonly #workers: number
  readonly #classes: readonly Samples[] = Array.from({ length: classesMax }, () => ({
    ms: [],
    at: 0,
  }))

  constructor(workers: number) {
    this.#workers = workers
  }

  note(count: number, ms: number, now: number): void {
    const samples = this.#classes[classOf(count)]!
    samples.ms.push(ms)
    if (samples.ms.length > samplesMax) samples.ms.shift()
    samples.at = now
  }

  /** `undefined` while nothing fresh is known. Of another number of requests it is scaled. */
  at(count: number, now: number): number | undefined {
    const wanted = classOf(count)
    for (let far = 0; far < classesMax; far++) {
      for (const near of [wanted - far, wanted + far]) {
        const samples = this.#classes[near]
        if (samples === undefined || samples.ms.length === 0 || now - samples.at > freshMs) continue
        const median = samples.ms.toSorted((a, b) => a - b)[samples.ms.length >> 1]!
        return median * (this.#crowding(wanted) / this.#crowding(near))
      }
    }
    return undefined
  }

  #crowding(at: number): number {
    const count = at < exactMax ? at : exactMax * 2 ** ((at - exactMax) / 4)
    return Math.max(1, (count + 1) / this.#workers)
  }
}

const classOf = (count: number): number =>
  count < exactMax
    ? count
    : Math.min(classesMax - 1, exactMax + Math.floor(4 * Math.log2(count / exactMax)))
