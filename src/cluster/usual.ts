// What a request usually takes at the nodes of one balancer while there is room, as one process sees it: it
// stands in for the figure of a node of which little or nothing is known.

/** Weight of one answer: slow enough that no single node moves it, and far cheaper than a mean of all at each choice. */
const weight = 0.02

export class Usual {
  /** 0 before the first answer. */
  ms = 0
  #answers = 0

  /** @param ms of the node that has just answered. */
  follow(ms: number): void {
    // At first the mean of all: a cold start makes the first answer a long one.
    this.#answers++
    this.ms += Math.max(weight, 1 / this.#answers) * (ms - this.ms)
  }
}
