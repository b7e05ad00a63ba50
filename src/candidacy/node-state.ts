// What a candidacy function remembers about each node, in this process: a place in the node's live numbers, found by an
// index. So a choice looks nothing up by key, and the state is gone when the node's numbers are.

import type { NodeLive } from '../cluster/live.ts'

/** Places given out so far, one for each function that keeps state. */
let places = 0

/** Made once for each function, as a constant of its file: all cascades with that function share the state. */
export class NodeState<State extends object> {
  readonly #place = places++
  readonly #make: () => State

  /** @param make the state of a node about which nothing is known. */
  constructor(make: () => State) {
    this.#make = make
  }

  /** The state for this node, made when it is first asked for. */
  of(live: NodeLive): State {
    // Only this object writes to its place.
    const state = live.kept[this.#place]
    return state === undefined ? this.#create(live) : (state as State)
  }

  #create(live: NodeLive): State {
    const state = this.#make()
    // Places in front are filled, so that the array has no holes.
    while (live.kept.length <= this.#place) live.kept.push(undefined)
    live.kept[this.#place] = state
    return state
  }
}
