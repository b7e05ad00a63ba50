// The requests in progress whose bodies are incomplete: each holds a connection to a node, and mostly a thread of it. When
// there are too many, in all or at one node, those that have stalled and those of the greediest address leave.

import { HeldByAddress } from '../../net/held-by-address.ts'

export interface Upload {
  /** Its connection to the node is needed for another upload. */
  displace(): void
}

export class Uploads {
  readonly #all: HeldByAddress<Upload> = new HeldByAddress()
  readonly #byNode: Map<number, HeldByAddress<Upload>> = new Map()
  #max: number
  #atNodeMax: number

  /**
   * @param max in all; a further one is refused when none of them leaves.
   * @param atNodeMax at each node; a further one is let in when none of them leaves.
   */
  constructor(max: number, atNodeMax: number) {
    this.#max = max
    this.#atNodeMax = atNodeMax
  }

  /** Replaces both limits. */
  limit(max: number, atNodeMax: number): void {
    this.#max = max
    this.#atNodeMax = atNodeMax
  }

  get size(): number {
    return this.#all.size
  }

  /** Makes room for one more upload of a client to a node. @param now monotonic ms. @returns false when there is none. */
  makeRoom(client: string, node: number, now: number): boolean {
    const atNode = this.#byNode.get(node)
    if (atNode !== undefined && atNode.size >= this.#atNodeMax)
      atNode.displace(client, now)?.displace()
    if (this.#all.size < this.#max) return true
    const displaced = this.#all.displace(client, now)
    displaced?.displace()
    return displaced !== undefined
  }

  /** The upload begins or makes progress. */
  note(client: string, node: number, upload: Upload, now: number): void {
    this.#all.hold(client, upload, now)
    let atNode = this.#byNode.get(node)
    if (atNode === undefined) {
      atNode = new HeldByAddress()
      this.#byNode.set(node, atNode)
    }
    atNode.hold(client, upload, now)
  }

  /** The upload is complete, or its attempt has ended. */
  end(node: number, upload: Upload): void {
    this.#all.release(upload)
    const atNode = this.#byNode.get(node)
    atNode?.release(upload)
    if (atNode?.size === 0) this.#byNode.delete(node)
  }
}
