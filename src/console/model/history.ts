// Ten minutes of figures in slots of five seconds, as numbers in a ring.

export const slotMs = 5_000
export const slots = 120

const metrics = ['requests', 'errors', 'inFlight', 'p50', 'p99'] as const
/** The first two for each second, the last two in ms. */
type Metric = (typeof metrics)[number]
export type Sample = Readonly<Partial<Record<Metric, number | null>>>

export const slotAt = (at: number): number => Math.floor(at / slotMs)

export class History {
  readonly #columns: Readonly<Record<Metric, Float32Array>>
  /** The newest slot with figures; -1 before the first. */
  #last = -1

  constructor() {
    const column = (): Float32Array => new Float32Array(slots).fill(Number.NaN)
    this.#columns = {
      requests: column(),
      errors: column(),
      inFlight: column(),
      p50: column(),
      p99: column(),
    }
  }

  get last(): number {
    return this.#last
  }

  /** Figures of a slot; slots are recorded in order, and an older one is left out. */
  record(slot: number, sample: Sample): void {
    if (slot <= this.#last) return
    const from = Math.max(this.#last + 1, slot - slots + 1)
    for (let each = from; each <= slot; each++)
      for (const metric of metrics) this.#columns[metric][each % slots] = Number.NaN
    this.#last = slot
    for (const metric of metrics) this.#columns[metric][slot % slots] = sample[metric] ?? Number.NaN
  }

  /**
   * The figures of many slots at a time, in place of what is here: thousands of nodes begin with ten minutes each.
   * @param at the slot of each figure, rising.
   */
  fill(at: readonly number[], columns: Readonly<Record<Metric, readonly (number | null)[]>>): void {
    const last = at.at(-1) ?? -1
    this.#last = last
    for (const metric of metrics) {
      const [column, values] = [this.#columns[metric].fill(Number.NaN), columns[metric]]
      for (const [index, slot] of at.entries())
        if (slot > last - slots && slot <= last) column[slot % slots] = values[index] ?? Number.NaN
    }
  }

  /** The figures of the slots up to `slot`, the oldest first; `null` where there are none. */
  read(metric: Metric, slot: number, count: number = slots): (number | null)[] {
    const column = this.#columns[metric]
    const values: (number | null)[] = []
    for (let each = slot - count + 1; each <= slot; each++) {
      const isKept = each >= 0 && each <= this.#last && each > this.#last - slots
      const value = isKept ? (column[each % slots] ?? Number.NaN) : Number.NaN
      values.push(Number.isNaN(value) ? null : value)
    }
    return values
  }
}
