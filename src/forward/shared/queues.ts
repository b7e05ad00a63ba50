// Requests that wait for a place at nodes whose number of requests is limited (`maxConnections`). They wait in lines, one
// for each application, and one for the sessions of each node. A place that becomes free goes to the request that has
// waited longest among those that may use it.

import type { NodeLive } from '../../cluster/live.ts'

/** A request that waits. */
export interface Queued {
  /** A place may be free. @returns whether the request has left its line. */
  admit(): boolean
  /** It has waited until its deadline; it has left its line. */
  expire(): void
}

interface Ticket {
  readonly queued: Queued
  readonly line: Line
  /** The node in whose queue it is counted. */
  readonly home: NodeLive
  /** Deadline, ticker time. */
  readonly until: number
  /** Grows with each ticket. */
  readonly number: number
}

interface Line {
  readonly key: object
  /** The oldest first. */
  readonly tickets: Set<Ticket>
  /** At any of these a free place may serve it. */
  readonly nodes: Set<NodeLive>
}

/** Tickets of a line that are tried for one place: those in front may not be able to use it. */
const triedMax = 16

export class Queues {
  readonly #byQueued: Map<Queued, Ticket> = new Map()
  readonly #lines: Map<object, Line> = new Map()
  readonly #linesOf: Map<NodeLive, Set<Line>> = new Map()
  /** Nodes with a new place, until the end of the present callback. */
  readonly #freed: Set<NodeLive> = new Set()
  readonly #fault: (error: unknown) => void
  #last = 0

  /** @param fault called when a request that leaves its line throws. */
  constructor(fault: (error: unknown) => void) {
    this.#fault = fault
  }

  /** @param key of the line. @param nodes that may serve the request, `home` among them. */
  join(
    queued: Queued,
    key: object,
    home: NodeLive,
    nodes: readonly NodeLive[],
    until: number,
  ): void {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { key, tickets: new Set(), nodes: new Set() }
      this.#lines.set(key, line)
    }
    this.#last += 1
    const ticket = { queued, line, home, until, number: this.#last }
    this.#byQueued.set(queued, ticket)
    line.tickets.add(ticket)
    home.waiting++
    for (const node of nodes) this.#connect(line, node)
  }

  /** No effect on a request that does not wait. */
  leave(queued: Queued): void {
    const ticket = this.#byQueued.get(queued)
    if (ticket === undefined) return
    const { line, home } = ticket
    this.#byQueued.delete(queued)
    line.tickets.delete(ticket)
    home.waiting--
    if (line.tickets.size > 0) return
    this.#lines.delete(line.key)
    for (const node of line.nodes) this.#disconnect(line, node)
  }

  /**
   * A request has left the node, for which others wait. They are served after the present callback, which may be in the
   * middle of another exchange.
   */
  released(node: NodeLive): void {
    if (this.#freed.size === 0) queueMicrotask(() => this.#serveFreed())
    this.#freed.add(node)
  }

  /** Ends the waits whose deadline has passed, and looks for places that no request has left: of a node that is up again. */
  tick(now: number): void {
    for (const { queued, until } of this.#byQueued.values()) {
      if (now < until) continue
      this.leave(queued)
      this.#guard(() => queued.expire())
    }
    for (const line of this.#lines.values()) this.#serveLine(line)
  }

  #serveFreed(): void {
    const freed = [...this.#freed]
    this.#freed.clear()
    for (const node of freed) this.#fill(node)
  }

  #fill(node: NodeLive): void {
    for (;;) {
      const lines = this.#linesOf.get(node)
      if (lines === undefined || node.inFlight >= node.inFlightMax) return
      const line = longestWaiting(lines)
      if (!this.#serveOne(line)) this.#disconnect(line, node)
    }
  }

  #serveLine(line: Line): void {
    while (this.#serveOne(line));
  }

  /** @returns whether a ticket has left the line. */
  #serveOne({ tickets }: Line): boolean {
    let tried = 0
    for (const { queued } of tickets) {
      if (++tried > triedMax) return false
      let hasLeft = false
      this.#guard(() => {
        hasLeft = queued.admit()
      })
      if (hasLeft || !this.#byQueued.has(queued)) return true
    }
    return false
  }

  #connect(line: Line, node: NodeLive): void {
    if (line.nodes.has(node)) return
    line.nodes.add(node)
    node.awaited++
    const lines = this.#linesOf.get(node)
    if (lines === undefined) this.#linesOf.set(node, new Set([line]))
    else lines.add(line)
  }

  #disconnect(line: Line, node: NodeLive): void {
    line.nodes.delete(node)
    node.awaited--
    const lines = this.#linesOf.get(node)
    lines?.delete(line)
    if (lines?.size === 0) this.#linesOf.delete(node)
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fault(error)
    }
  }
}

function longestWaiting(lines: ReadonlySet<Line>): Line {
  let [oldest] = lines as Set<Line>
  for (const line of lines) if (headOf(line) < headOf(oldest as Line)) oldest = line
  return oldest as Line
}

function headOf({ tickets }: Line): number {
  for (const { number } of tickets) return number
  return Number.POSITIVE_INFINITY
}
