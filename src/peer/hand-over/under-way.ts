// The requests of one server that peers have not answered yet, in all ways of handing over.

/** One way of handing over, or one request. */
export interface HandingOver {
  /** Requests that a peer has not answered yet. */
  readonly count: number
  /** Peer `id` is silent: requests that wait for it and may be executed again are served here. */
  abandonPeer(id: number): void
  /** Stops waiting for peers: requests that may be executed again are served here. */
  abandonAll(): void
  /** Peer `id` is forgotten: tunnels to it are closed. */
  cutPeer(id: number): void
}

export class UnderWay implements HandingOver {
  readonly #ways: HandingOver[] = []

  add(way: HandingOver): void {
    this.#ways.push(way)
  }

  get count(): number {
    return this.#ways.reduce((sum, way) => sum + way.count, 0)
  }

  abandonPeer(id: number): void {
    for (const way of this.#ways) way.abandonPeer(id)
  }

  abandonAll(): void {
    for (const way of this.#ways) way.abandonAll()
  }

  cutPeer(id: number): void {
    for (const way of this.#ways) way.cutPeer(id)
  }
}
