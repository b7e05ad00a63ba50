// How far a node is behind the share of the requests that it asks for by its load factor, or ahead of it.

import { NodeState } from './node-state.ts'

/** Requests that a node may fall behind its share, or run ahead of it, and makes up for. */
const creditMax = 20

export class Share {
  /** Requests that the node is behind its share; below 0, ahead. */
  credit = 0

  /** A choice was made among nodes of which this is one. @param part of it that the node asks for, 0 to 1. */
  earn(part: number): void {
    this.credit = Math.min(creditMax, this.credit + part)
  }

  /** The node was chosen. */
  spend(): void {
    this.credit = Math.max(-creditMax, this.credit - 1)
  }
}

export const shares: NodeState<Share> = new NodeState(() => new Share())
