// How far a node is behind or ahead of the share of requests that its load factor requests.

import { NodeState } from './node-state.ts'

/** Greatest distance from the share that is compensated later, in requests. */
const creditMax = 20

export class Share {
  /** Requests by which the node is behind its share; below 0: ahead. */
  credit = 0

  /** The node was one of the candidates. @param part its share of the choice, 0 to 1. */
  earn(part: number): void {
    this.credit = Math.min(creditMax, this.credit + part)
  }

  /** The node was chosen. */
  spend(): void {
    this.credit = Math.max(-creditMax, this.credit - 1)
  }
}

export const shares: NodeState<Share> = new NodeState(() => new Share())
