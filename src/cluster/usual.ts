// The usual service time of a request at the nodes of one balancer, as this process observes it. It is the prior for
// nodes with few or no responses.

/**
 * Weight of one response. A single node cannot move the figure, and it costs less than a mean over all nodes per
 * choice.
 */
const weight = 0.02

export class Usual {
  /** 0 before the first response. */
  ms = 0
  #answers = 0

  /** @param ms service time of the node that has just responded. */
  follow(ms: number): void {
    // A plain mean at first: the first response is often slow because of a cold start.
    this.#answers++
    this.ms += Math.max(weight, 1 / this.#answers) * (ms - this.ms)
  }
}
