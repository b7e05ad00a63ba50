// An answer that a worker owes, with a deadline. Used by worker-link.ts.

export class Answer {
  /** Resolves when the answer is given, or at the deadline. */
  readonly given: Promise<void>
  readonly #deadline: NodeJS.Timeout
  #resolve: () => void = () => {}

  constructor(deadlineMs: number, onMissed: () => void) {
    this.given = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#deadline = setTimeout(() => {
      this.#resolve()
      onMissed()
    }, deadlineMs)
  }

  give(): void {
    clearTimeout(this.#deadline)
    this.#resolve()
  }
}
