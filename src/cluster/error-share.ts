// The share of errors among a node's last few responses; fades while there are none.

/** Weight of one response: after five errors in a row the share is two thirds. */
const weight = 0.2
/** Time in which the share falls to 37 %, ms, so that the node gets requests again. */
const fadeMs = 2_000

export class ErrorShare {
  #share = 0
  #at = 0

  /** @param now monotonic ms. */
  observe(isError: boolean, now: number): void {
    const share = this.at(now)
    this.#share = share + weight * ((isError ? 1 : 0) - share)
    this.#at = now
  }

  /** The share now, 0 to 1. */
  at(now: number): number {
    const share = this.#share
    return share < negligible ? 0 : share * Math.exp((this.#at - now) / fadeMs)
  }
}

/** Below this the share counts as 0, which saves the exponential for nodes without errors. */
const negligible = 1e-4
