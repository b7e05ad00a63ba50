// The places of the streams of one kind. When all are taken, a newcomer gets that of a reader of the address with the most,
// or of its own address, which has left its bytes lying or has had its turn; so the readers of one address keep out no other
// address, and those that are gone without a word keep out nobody for long: a browser that is cut comes back and goes on.

import type { Clock } from '../base/clock.ts'
import { eventLimits, heldLimits } from '../base/limits.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { networkOf } from '../net/address.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'
import type { StreamReader } from './stream-reader.ts'

/** What the room needs of a reader. */
export type RoomReader = Pick<StreamReader, 'remote' | 'standsMs' | 'cut'>

export class StreamRoom<Reader extends RoomReader> {
  readonly #max: number
  readonly #clock: Clock
  readonly #counts: ControlCounts
  readonly #full: ThrottledLog
  /** With the time of their beginning, the oldest first. */
  readonly #readers: Map<Reader, number> = new Map()

  /** @param max readers at a time. */
  constructor(
    max: number,
    { clock, counts, log }: Pick<ControlSettings, 'clock' | 'counts' | 'log'>,
  ) {
    this.#max = max
    this.#clock = clock
    this.#counts = counts
    this.#full = new ThrottledLog(log, clock, 'no room for more streams')
  }

  get size(): number {
    return this.#readers.size
  }

  /** Those that have a place, the oldest first. */
  get readers(): Iterable<Reader> {
    return this.#readers.keys()
  }

  /** Whether a reader of this address would get a place now. One that would not is refused. */
  hasRoomFor(remote: string): boolean {
    const hasRoom = this.#readers.size < this.#max || this.#leaving(remote) !== undefined
    return hasRoom || this.#refuse(remote)
  }

  /** @returns whether `reader` has a place, which may have been that of another. */
  enter(reader: Reader): boolean {
    if (this.#readers.size >= this.#max) {
      const leaving = this.#leaving(reader.remote)
      if (leaving === undefined) return this.#refuse(reader.remote)
      this.#readers.delete(leaving)
      leaving.cut('room')
    }
    this.#readers.set(reader, this.#clock.now())
    return true
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader)
  }

  #refuse(remote: string): false {
    this.#counts.countRefusal('streams')
    this.#full.warn({ remote, limit: this.#max })
    return false
  }

  #leaving(remote: string): Reader | undefined {
    const network = networkOf(remote)
    const byNetwork = new Map<string, Reader[]>()
    for (const reader of this.#readers.keys()) {
      const of = networkOf(reader.remote)
      byNetwork.set(of, [...(byNetwork.get(of) ?? []), reader])
    }
    const own = byNetwork.get(network) ?? []
    const greatest = [...byNetwork.values()].reduce((a, b) => (b.length > a.length ? b : a), own)
    // Afterwards the address with the most still has as many as the newcomer.
    if (greatest.length >= own.length + 2) return oldestStanding(greatest) ?? greatest[0]
    const among = own.length > 0 ? own : [...this.#readers.keys()]
    return oldestStanding(among) ?? among.find((reader) => this.#hasHadTurn(reader))
  }

  #hasHadTurn(reader: Reader): boolean {
    const since = this.#readers.get(reader) ?? 0
    return this.#clock.now() - since >= eventLimits.turnMs
  }
}

const oldestStanding = <Reader extends RoomReader>(
  readers: readonly Reader[],
): Reader | undefined => readers.find(({ standsMs }) => standsMs >= heldLimits.stalledMs)
