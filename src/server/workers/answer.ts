// The wait for an answer of a worker, with a deadline. Used by worker-link.ts.

export class Answer {
  /** Resolves with the answer, or at the deadline. */
  readonly settled: Promise<void>
  readonly #deadline: NodeJS.Timeout
  #resolve: () => void = () => {}

  constructor(deadlineMs: number, onMissed: () => void) {
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#deadline = setTimeout(() => {
      this.#resolve()
      onMissed()
    }, deadlineMs)
  }

  settle(): void {
    clearTimeout(this.#deadline)
    this.#resolve()
  }
}
