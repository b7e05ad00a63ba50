// State that a candidacy function keeps for each node in this process: an element of `NodeLive.kept`, at an index that
// belongs to the function. So a choice needs no look-up by key, and the state is dropped with the node's live numbers.

import type { NodeLive } from '../cluster/live.ts'

/** Next index; each function that keeps state has one. */
let nextIndex = 0

/** Made once for each function, as a constant in its file: all cascades with the function share the state. */
export class NodeState<State extends object> {
  readonly #index = nextIndex++
  readonly #make: () => State

  /** @param make returns the initial state of a node. */
  constructor(make: () => State) {
    this.#make = make
  }

  /** The node's state; made at the first call. */
  of(live: NodeLive): State {
    // Only this object writes at its index.
    const state = live.kept[this.#index]
    return state === undefined ? this.#create(live) : (state as State)
  }

  #create(live: NodeLive): State {
    const state = this.#make()
    // No holes: arrays without holes are read faster.
    while (live.kept.length <= this.#index) live.kept.push(undefined)
    live.kept[this.#index] = state
    return state
  }
}
