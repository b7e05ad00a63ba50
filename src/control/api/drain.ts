// Drains that operators have ordered: contexts are disabled already; existing sessions may continue until a deadline; then the
// contexts are stopped, and the last requests end. Called by steering.ts.

import { steeringLimits } from '../../base/limits.ts'

/** The unfinished work of a node, or of a context on it. */
export interface Work {
  /** Sessions of the node: which context they belong to is not known. */
  readonly sessions: number
  readonly inFlight: number
}

/**
 * `sessions`: disabled, its sessions may continue. `requests`: stopped, its last requests end. `done`: nothing is left, or the
 * node has left. `late`: stopped, but requests took too long to end. `overtaken`: somebody has changed its orders since.
 * `cancelled`: the drain was undone.
 */
type DrainPhase = 'sessions' | 'requests' | 'done' | 'late' | 'overtaken' | 'cancelled'

export interface DrainProgress {
  /** Of the node that is furthest behind. */
  readonly state: DrainPhase
  /** When sessions end at the latest, ISO 8601. */
  readonly until: string
  /** ISO 8601; `null` while it runs. */
  readonly ended: string | null
  readonly nodes: readonly (Work & { readonly route: string; readonly state: DrainPhase })[]
}

interface DrainCalls {
  /** `undefined` when the node has left. */
  work(route: string): Work | undefined
  /** The orders for the node are still those of the drain. */
  isInForce(route: string): boolean
  /** @returns false when the node could not be stopped. */
  stop(route: string): Promise<boolean>
  /** Nothing is left to do. */
  ended(progress: DrainProgress): void
}

interface DrainedNode {
  readonly route: string
  state: DrainPhase
  work: Work
  /** ms of the clock. */
  stoppedAt: number
}

/** The phases from the one that is furthest behind. */
const order: readonly DrainPhase[] = [
  'sessions',
  'requests',
  'late',
  'overtaken',
  'cancelled',
  'done',
]

const isOver = (state: DrainPhase): boolean => state !== 'sessions' && state !== 'requests'

const noWork: Work = { sessions: 0, inFlight: 0 }

export class Drain {
  readonly #calls: DrainCalls
  readonly #nodes: readonly DrainedNode[]
  /** ms of the clock. */
  readonly #deadline: number
  readonly #until: string
  #ended: string | null = null

  /** @param now ms of the clock. @param wall ms since 1970. */
  constructor(
    calls: DrainCalls,
    routes: readonly string[],
    withinMs: number,
    { now, wall }: { readonly now: number; readonly wall: number },
  ) {
    this.#calls = calls
    this.#deadline = now + withinMs
    this.#until = new Date(wall + withinMs).toISOString()
    this.#nodes = routes.map((route) => ({
      route,
      state: 'sessions',
      work: calls.work(route) ?? noWork,
      stoppedAt: 0,
    }))
  }

  get isOver(): boolean {
    return this.#ended !== null
  }

  get progress(): DrainProgress {
    const states = this.#nodes.map(({ state }) => state)
    return {
      state: order.find((state) => states.includes(state)) ?? 'done',
      until: this.#until,
      ended: this.#ended,
      nodes: this.#nodes.map(({ route, state, work }) => ({ route, state, ...work })),
    }
  }

  /** Looks what is left, and stops nodes whose time has come. @param now, wall as in the constructor. */
  async step(now: number, wall: number): Promise<void> {
    for (const node of this.#nodes) await this.#stepNode(node, now)
    this.#endIfOver(wall)
  }

  cancel(wall: number): void {
    for (const node of this.#nodes) if (!isOver(node.state)) node.state = 'cancelled'
    this.#endIfOver(wall)
  }

  /** A later drain goes on with these nodes. */
  overtake(routes: readonly string[], wall: number): void {
    for (const node of this.#nodes)
      if (!isOver(node.state) && routes.includes(node.route)) node.state = 'overtaken'
    this.#endIfOver(wall)
  }

  async #stepNode(node: DrainedNode, now: number): Promise<void> {
    if (isOver(node.state)) return
    const { route } = node
    const work = this.#calls.work(route)
    node.work = work ?? noWork
    if (work === undefined) node.state = 'done'
    else if (!this.#calls.isInForce(route)) node.state = 'overtaken'
    else if (node.state === 'requests') {
      if (work.inFlight === 0) node.state = 'done'
      else if (now - node.stoppedAt >= steeringLimits.lastRequestsMs) node.state = 'late'
    } else if ((work.sessions === 0 && work.inFlight === 0) || now >= this.#deadline) {
      node.state = 'requests'
      node.stoppedAt = now
      if (!(await this.#calls.stop(route))) node.state = 'overtaken'
    }
  }

  #endIfOver(wall: number): void {
    if (this.isOver || !this.#nodes.every(({ state }) => isOver(state))) return
    this.#ended = new Date(wall).toISOString()
    this.#calls.ended(this.progress)
  }
}
