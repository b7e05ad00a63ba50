// How long requests take, counted in fixed buckets: histograms of one context at one listener, and of one node. All
// numbers of a row lie in one array, so that a request costs a few additions, and that processes exchange what has grown.
// Pure. Written by forward/, summed over the workers by server/workers/, shown by control/.

/** Upper bounds of the buckets, ms; one more bucket holds all longer times. */
export const boundsMs: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
]
/** Upper bounds of the buckets of attempts. */
const attemptBounds: readonly number[] = [0, 1, 2, 3, 5]

/** A histogram within a row: its buckets, then the sum of all values. */
export interface Histogram {
  readonly at: number
  readonly bounds: readonly number[]
}

const sizeOf = ({ bounds }: Histogram): number => bounds.length + 2
const behind = (histogram: Histogram): number => histogram.at + sizeOf(histogram)

type Named<Name extends string> = Readonly<Record<Name, Histogram>>

/** Counts of statuses, by their hundreds; 0: the client was gone before there was a status. */
export const statusClasses: readonly string[] = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']

/** Rows of contexts, behind their status classes. */
const duration: Histogram = { at: statusClasses.length, bounds: boundsMs }
const firstByte: Histogram = { at: behind(duration), bounds: boundsMs }
const wait: Histogram = { at: behind(firstByte), bounds: boundsMs }
const attempts: Histogram = { at: behind(wait), bounds: attemptBounds }
export const requestHistograms: Named<'duration' | 'firstByte' | 'wait' | 'attempts'> = {
  duration,
  firstByte,
  wait,
  attempts,
}

/** Rows of nodes; the first two as above. */
const connect: Histogram = { at: behind(firstByte), bounds: boundsMs }
export const nodeHistograms: Named<'duration' | 'firstByte' | 'connect'> = {
  duration,
  firstByte,
  connect,
}

/** What has been added to some numbers of a row: index, amount, index, amount, ... */
export type Growth = readonly number[]

/** A request whose trace shows what a bucket counts. */
export interface Exemplar {
  /** Number of the bucket. */
  readonly bucket: number
  readonly traceId: string
  /** ms. */
  readonly value: number
  /** ms since 1970. */
  readonly at: number
}

/** Numbers that only grow. */
export class Times {
  readonly values: Float64Array
  /** The last one of each bucket of the first histogram, where requests are traced. */
  exemplars: Map<number, Exemplar> | undefined
  /** As they were collected last. */
  #collected: Float64Array | undefined

  /** @param last the histogram at the end of the row. */
  constructor(last: Histogram) {
    this.values = new Float64Array(behind(last))
  }

  /** A response with this status has ended. */
  count(status: number): void {
    const { values } = this
    const at = (status / 100) | 0
    if (at < statusClasses.length) values[at] = (values[at] as number) + 1
  }

  observe({ at, bounds }: Histogram, value: number): void {
    const { values } = this
    const bucket = bucketOf(bounds, value)
    const sum = at + bounds.length + 1
    values[at + bucket] = (values[at + bucket] as number) + 1
    values[sum] = (values[sum] as number) + value
  }

  /** Keeps the trace of a value of the first histogram. */
  exemplify({ bounds }: Histogram, exemplar: Omit<Exemplar, 'bucket'>): void {
    const bucket = bucketOf(bounds, exemplar.value)
    this.exemplars ??= new Map()
    this.exemplars.set(bucket, { ...exemplar, bucket })
  }

  /** What was added since the last call. */
  collect(): Growth {
    const { values } = this
    this.#collected ??= new Float64Array(values.length)
    const before = this.#collected
    const growth: number[] = []
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number
      if (value === before[at]) continue
      growth.push(at, value - (before[at] as number))
      before[at] = value
    }
    return growth
  }

  /** Adds what another process has collected. */
  add(growth: Growth): void {
    const { values } = this
    for (let i = 0; i < growth.length; i += 2) {
      const at = growth[i] as number
      values[at] = (values[at] as number) + (growth[i + 1] as number)
    }
  }
}

function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
  return bucket
}

export const newRequestTimes = (): Times => new Times(requestHistograms.attempts)
export const newNodeTimes = (): Times => new Times(nodeHistograms.connect)
