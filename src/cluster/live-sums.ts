// The sum of the live numbers of several processes. Each worker reports its own totals (`FiguresReader`), the primary adds
// the increments to one table (`LiveSums`). Pure; used by server/workers/.

import {
  contextLive,
  type LiveTable,
  type NodeLive,
  newLive,
  recentFailuresOf,
  timesOf,
} from './live.ts'
import { isEjected } from './outlier.ts'
import type { NodeFailure } from './recent-failures.ts'
import { figuresOfRoom, type RoomFigures, sumOfRooms } from './room-figures.ts'
import type { Growth } from './times.ts'

/** Counts of one process for one node: totals since the process has had the node. */
export interface NodeFigures {
  readonly id: number
  readonly inFlight: number
  /** Requests in its queue. */
  readonly waiting: number
  /** Open connections to the node. */
  readonly connections: number
  readonly elected: number
  readonly bytesRead: number
  readonly bytesSent: number
  readonly failures: number
  readonly errors: number
  /** Whether it is ejected there. */
  readonly ejected: boolean
  /** Paths with requests in flight, and their number. */
  readonly contexts: readonly (readonly [key: string, inFlight: number])[]
  /** Bits of its session count that were set since the last report. */
  readonly sessions: readonly number[]
  readonly room: RoomFigures
  /** What its times have grown by since the last report. */
  readonly times: Growth
  /** Its failures since the last report, the last ones where they are many. */
  readonly failed: readonly NodeFailure[]
}

const totals = ['elected', 'bytesRead', 'bytesSent', 'failures', 'errors'] as const

/** Reads a table repeatedly; each time it returns the rows that have changed since the time before. */
export class FiguresReader {
  readonly #reported: Map<number, NodeFigures> = new Map()

  /** @param now monotonic ms. */
  read(live: LiveTable, now: number): readonly NodeFigures[] {
    const changed: NodeFigures[] = []
    for (const id of this.#reported.keys()) if (!live.has(id)) this.#reported.delete(id)
    for (const [id, row] of live.rows()) {
      if (isSame(this.#reported.get(id) ?? unused, row)) continue
      const figures = figuresOf(id, row, now)
      this.#reported.set(id, figures)
      changed.push(figures)
    }
    return changed
  }
}

/** Adds the figures of any number of processes to one table. `Key` identifies a process. */
export class LiveSums<Key> {
  readonly #live: LiveTable
  readonly #last: Map<Key, Map<number, NodeFigures>> = new Map()

  constructor(live: LiveTable) {
    this.#live = live
  }

  /**
   * Adds the growth of a process's figures since its last report.
   * @param isKnown whether the node is in the snapshot: a process that has not received the removal of a node yet must not
   *   bring its row back.
   * @param now monotonic time of the table, ms.
   */
  add(
    key: Key,
    figures: readonly NodeFigures[],
    isKnown: (id: number) => boolean,
    now: number,
  ): void {
    const last = this.#last.get(key) ?? new Map<number, NodeFigures>()
    this.#last.set(key, last)
    for (const row of figures) {
      if (!isKnown(row.id)) continue
      const before = last.get(row.id)
      const sum = this.#live.of(row.id)
      for (const name of totals) sum[name] += row[name] - (before?.[name] ?? 0)
      sum.inFlight += row.inFlight - (before?.inFlight ?? 0)
      sum.waiting += row.waiting - (before?.waiting ?? 0)
      sum.connections += row.connections - (before?.connections ?? 0)
      for (const bit of row.sessions) sum.sessions.see(bit, now)
      if (row.times.length > 0) timesOf(sum).add(row.times)
      for (const failure of row.failed) recentFailuresOf(sum).add(failure)
      addContexts(sum, row.contexts, 1)
      addContexts(sum, before?.contexts ?? [], -1)
      last.set(row.id, row)
      this.#sum(row.id)
    }
  }

  /** A process has exited: its requests in flight are subtracted, its totals stay. */
  drop(key: Key): void {
    const rows = this.#last.get(key) ?? new Map<number, NodeFigures>()
    this.#last.delete(key)
    for (const [id, { inFlight, waiting, connections, contexts }] of rows) {
      this.#sum(id)
      if (inFlight === 0 && waiting === 0 && connections === 0) continue
      const sum = this.#live.of(id)
      sum.inFlight -= inFlight
      sum.waiting -= waiting
      sum.connections -= connections
      addContexts(sum, contexts, -1)
    }
  }

  /** A node is gone, and its row is no longer in the table. */
  forget(id: number): void {
    for (const last of this.#last.values()) last.delete(id)
  }

  /** What has no growth: the sum of what each process reported last. */
  #sum(id: number): void {
    const all = [...this.#last.values()].flatMap((rows) => rows.get(id) ?? [])
    const sum = this.#live.of(id)
    sum.workersRoom = sumOfRooms(all.map(({ room }) => room))
    sum.workersEjecting = all.filter(({ ejected }) => ejected).length
  }
}

/** Of a node that no request of the process was sent to, which is not reported. */
const unused: NodeFigures = figuresOf(0, newLive(), 0)

function figuresOf(id: number, row: NodeLive, now: number): NodeFigures {
  return {
    id,
    inFlight: row.inFlight,
    waiting: row.waiting,
    connections: row.connections,
    elected: row.elected,
    bytesRead: row.bytesRead,
    bytesSent: row.bytesSent,
    failures: row.failures,
    errors: row.errors,
    ejected: isEjected(row.outlier),
    contexts: [...row.contexts]
      .filter(([, numbers]) => numbers.inFlight !== 0)
      .map(([key, numbers]) => [key, numbers.inFlight] as const),
    sessions: row.sessions.collectFresh(),
    room: figuresOfRoom(row.room, now),
    times: row.times?.collect() ?? [],
    failed: row.recentFailures?.collect() ?? [],
  }
}

function addContexts(sum: NodeLive, contexts: NodeFigures['contexts'], sign: 1 | -1): void {
  for (const [key, inFlight] of contexts) contextLive(sum, key).inFlight += sign * inFlight
}

function isSame(before: NodeFigures, row: NodeLive): boolean {
  return (
    before.inFlight === row.inFlight &&
    before.waiting === row.waiting &&
    before.connections === row.connections &&
    before.ejected === isEjected(row.outlier) &&
    before.room.long === row.room.long &&
    // While requests are in hand, `ms` changes with the time.
    before.room.inHand === 0 &&
    row.room.inHand === 0 &&
    before.elected === row.elected &&
    before.bytesRead === row.bytesRead &&
    before.bytesSent === row.bytesSent &&
    before.failures === row.failures &&
    before.errors === row.errors
  )
}
