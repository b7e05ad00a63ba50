// Whether a peer answers questions. A peer whose answers never arrive, because a firewall is in the way,
// is judged by this server's own figures instead, as a peer that cannot be asked.

import { NodeState } from '../../candidacy/node-state.ts'

/** Questions without any answer until a peer counts as one that cannot be asked. */
const unansweredMax = 8

class Hearing {
  #hasAnswered = false
  #unanswered = 0

  /** Requests wait for its answers. */
  get isExpected(): boolean {
    return this.#hasAnswered || this.#unanswered < unansweredMax
  }

  answered(): void {
    this.#hasAnswered = true
  }

  unanswered(): void {
    this.#unanswered++
  }
}

export const hearings: NodeState<Hearing> = new NodeState(() => new Hearing())
