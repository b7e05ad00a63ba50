// How many requests a server works on at once: its knee. It is learnt from two things alone: how long how many
// requests were in hand, and how many were in hand when one was answered. While there is room an answer takes
// `ms`, so a server with n in hand and knee c answers min(n, c) / ms requests per millisecond.

/** Numbers in hand are put into classes; these are their upper bounds, the last class having none. */
const bounds: readonly number[] = [1, 2, 3, 4, 6, 8, 11, 16, 22, 31, 45, 64, 90, 128, 256]
/** The number that a class stands for; each is a knee that can be learnt. */
const middles: readonly number[] = [
  1, 2, 3, 4, 5.5, 7.5, 10, 13.5, 19, 27, 38, 54, 77, 110, 200, 400,
]
const logarithms: readonly number[] = middles.map(Math.log)
const classes = middles.length

/** Answers between two estimates: often enough to follow, seldom enough to cost nothing. */
const answersPerEstimate = 16
/** With fewer answers an estimate is chance. */
const answersMin = 20
/** Beyond so many answers the past fades, so that a server that has changed is learnt anew. */
const answersMax = 400
const faded = 0.9
/**
 * The smallest knee is taken whose log likelihood is within so much of the best: one that is too small costs
 * little, one that is too large fills queues.
 */
const slack = 1

/** Scratch space of `#estimate`, which never runs twice at once. */
const likelihoods = new Float64Array(classes)
const sums = new Float64Array(classes)

export class Knee {
  /** At most the highest number ever in hand, as far as classes are fine enough. */
  value = 1
  /** Ms spent with so many in hand. */
  readonly #time: Float64Array = new Float64Array(classes)
  /** Answers that came while so many were in hand, that one included. */
  readonly #ends: Float64Array = new Float64Array(classes)
  #class = 0
  #answers = 0

  /** @param count requests that were in hand for `ms`, at least 1. */
  spent(count: number, ms: number): void {
    const at = classOf(count)
    this.#time[at] = (this.#time[at] as number) + ms
  }

  /**
   * A good answer came. @param count requests in hand until then, at least 1.
   * @returns by what the time spent, each ms times min(n, knee), has changed with the knee; 1 when it has not.
   */
  answered(count: number): number {
    const at = classOf(count)
    this.#ends[at] = (this.#ends[at] as number) + 1
    if (++this.#answers < answersPerEstimate) return 1
    this.#answers = 0
    return this.#estimate()
  }

  /** What was seen does not count any more; the knee stays until there is something better. */
  forget(): void {
    this.#time.fill(0)
    this.#ends.fill(0)
    this.#answers = 0
  }

  /**
   * Of each knee c the log likelihood is  sum of ends[n] ln min(n, c)  -  all ends x ln(sum of time[n] x min(n, c)),
   * with ms at its best for that c. One pass with running sums.
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
