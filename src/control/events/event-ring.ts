// The last events of the proxy: the lines of its log from level info on, numbered, for the API and for those who follow
// them. Filled by recording-log.ts.

import { eventLimits } from '../../base/limits.ts'

export interface ProxyEvent {
  /** Rises by one with each event since the start. */
  readonly id: number
  /** ISO 8601. */
  readonly at: string
  readonly level: EventLevel
  /** As in the log: `node joined`. */
  readonly message: string
  readonly detail: Readonly<Record<string, unknown>>
}

export type EventLevel = 'info' | 'warn' | 'error'

export class EventRing {
  readonly #wall: () => number
  readonly #events: ProxyEvent[] = []
  readonly #followers: Set<(event: ProxyEvent) => void> = new Set()
  #last = 0

  /** @param wall ms since 1970. */
  constructor(wall: () => number) {
    this.#wall = wall
  }

  /** The number of the last event; 0 before the first. */
  get last(): number {
    return this.#last
  }

  add(level: EventLevel, detail: object, message: string): void {
    const at = new Date(this.#wall()).toISOString()
    const event = { id: ++this.#last, at, level, message, detail: plain(detail) }
    this.#events.push(event)
    if (this.#events.length > eventLimits.keptMax) this.#events.shift()
    for (const follower of this.#followers) follower(event)
  }

  /** The events after number `id`, the oldest first; the newest `limit` of them. */
  after(id: number, limit: number = eventLimits.keptMax): readonly ProxyEvent[] {
    const first = this.#events[0]?.id ?? 1
    return this.#events.slice(Math.max(0, id + 1 - first)).slice(-limit)
  }

  /** Whether all events after number `id` are still kept. */
  isKept(id: number): boolean {
    return id <= this.#last && id + 1 >= (this.#events[0]?.id ?? 1)
  }

  /** @returns ends it. */
  follow(follower: (event: ProxyEvent) => void): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }
}

/** As JSON would keep it; errors as their texts. */
function plain(detail: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      value instanceof Error ? value.message : value,
    ]),
  )
}
