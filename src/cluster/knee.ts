// Estimates how many requests a server processes concurrently: its knee. Inputs are the time spent at each number in
// hand and the number in hand at each response. A server with n in hand, knee c and service time `ms` completes
// min(n, c) / ms requests per millisecond.

/** Upper bounds of the classes of numbers in hand; the last class has none. */
const bounds: readonly number[] = [1, 2, 3, 4, 6, 8, 11, 16, 22, 31, 45, 64, 90, 128, 256]
/** The representative number of each class; each is a possible knee. */
const middles: readonly number[] = [
  1, 2, 3, 4, 5.5, 7.5, 10, 13.5, 19, 27, 38, 54, 77, 110, 200, 400,
]
const logarithms: readonly number[] = middles.map(Math.log)
const classes = middles.length

/** Responses between two estimates. More would follow changes late; fewer would cost time on each request. */
const answersPerEstimate = 16
/** Responses below which an estimate is noise. */
const answersMin = 20
/** Responses above which all counts are multiplied by `faded`, so that a change of the server shows. */
const answersMax = 400
const faded = 0.9
/**
 * The estimate is the smallest knee whose log likelihood is within this of the best: too small a knee costs little, too
 * large a knee fills queues.
 */
const slack = 1

/** Scratch space of `#estimate`, which is synchronous. */
const likelihoods = new Float64Array(classes)
const sums = new Float64Array(classes)

/** Of a server without requests yet: a process may have thousands of them. */
const unobserved = new Float64Array(classes)

export class Knee {
  /** At most the highest number that was ever in hand, to the precision of the classes. */
  value = 1
  /** Time spent in each class, ms. */
  #time: Float64Array = unobserved
  /** Responses in each class; the number in hand includes the request itself. */
  #ends: Float64Array = unobserved
  #class = 0
  #answers = 0

  /** @param count requests in hand, at least 1. @param ms how long. */
  spent(count: number, ms: number): void {
    this.#begin()
    const at = classOf(count)
    this.#time[at] = (this.#time[at] as number) + ms
  }

  /**
   * A response with a status below 500. @param count requests in hand before it, at least 1.
   * @returns the factor by which a new knee changes the integral of min(n, knee) over time; 1 without a change.
   */
  answered(count: number): number {
    this.#begin()
    const at = classOf(count)
    this.#ends[at] = (this.#ends[at] as number) + 1
    if (++this.#answers < answersPerEstimate) return 1
    this.#answers = 0
    return this.#estimate()
  }

  #begin(): void {
    if (this.#time !== unobserved) return
    this.#time = new Float64Array(classes)
    this.#ends = new Float64Array(classes)
  }

  /** Discards all observations; the knee stays until the next estimate. */
  forget(): void {
    this.#time.fill(0)
    this.#ends.fill(0)
    this.#answers = 0
  }

  /**
   * The log likelihood of a knee c is  sum of ends[n] ln min(n, c)  -  all ends x ln(sum of time[n] x min(n, c)),
   * with the most likely ms for that c. One pass with running sums.
   */
  #estimate(): number {
    const time = this.#time
    const ends = this.#ends
    let endsAbove = 0
    let timeAbove = 0
    let highest = 0
    for (let at = 0; at < classes; at++) {
      endsAbove += ends[at] as number
      timeAbove += time[at] as number
      if ((time[at] as number) > 0) highest = at
    }
    const all = endsAbove
    if (all < answersMin) return 1
    let logsBelow = 0
    let timeBelow = 0
    let best = Number.NEGATIVE_INFINITY
    for (let at = 0; at <= highest; at++) {
      const middle = middles[at] as number
      const logarithm = logarithms[at] as number
      logsBelow += (ends[at] as number) * logarithm
      timeBelow += (time[at] as number) * middle
      endsAbove -= ends[at] as number
      timeAbove -= time[at] as number
      const sum = timeBelow + timeAbove * middle
      const likelihood =
        sum > 0 ? logsBelow + endsAbove * logarithm - all * Math.log(sum) : Number.NEGATIVE_INFINITY
      sums[at] = sum
      likelihoods[at] = likelihood
      if (likelihood > best) best = likelihood
    }
    let chosen = 0
    while ((likelihoods[chosen] as number) < best - slack) chosen++
    const before = sums[this.#class] as number
    const change = before > 0 ? (sums[chosen] as number) / before : 1
    this.#class = chosen
    this.value = middles[chosen] as number
    if (all > answersMax) this.#fade()
    return change
  }

  #fade(): void {
    for (let at = 0; at < classes; at++) {
      this.#time[at] = (this.#time[at] as number) * faded
      this.#ends[at] = (this.#ends[at] as number) * faded
    }
  }
}

const classTable = Uint8Array.from({ length: 257 }, (_, count) => {
  const at = bounds.findIndex((bound) => count <= bound)
  return at < 0 ? classes - 1 : at
})

const classOf = (count: number): number =>
  count <= 256 ? (classTable[count] as number) : classes - 1
