// Those who follow the requests as server-sent events. While there are none, the traffic keeps nothing of its requests.

import { tailLimits } from '../../base/limits.ts'
import type { AccessEntry } from '../../forward/index.ts'
import type { ControlSettings } from '../options.ts'
import type { Reader, Stream } from '../page-response.ts'
import { StreamRoom } from '../stream-room.ts'
import { isFollowed, type RequestFilter, type SeenRequests } from './request-filter.ts'

interface Follower {
  readonly filter: RequestFilter
  readonly reader: Reader
}

/** A request as the API shows it. */
export type RequestReport = Omit<AccessEntry, 'time' | 'fields'> & {
  /** End of the exchange, ISO 8601. */
  readonly at: string
}

export class RequestFollowers {
  readonly #settings: ControlSettings
  readonly #followers: Set<Follower> = new Set()
  readonly #room: StreamRoom<Reader>

  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#room = new StreamRoom(tailLimits.streamsMax, settings)
  }

  /** @param from address of one who would follow. */
  hasRoomFor(from: string): boolean {
    return this.#room.hasRoomFor(from)
  }

  stream(filter: RequestFilter): Stream {
    return (reader) => {
      // Others may have begun since the answer was decided.
      if (!this.#room.enter(reader)) return undefined
      const follower = { filter, reader }
      this.#followers.add(follower)
      reader.write(': following\n\n')
      this.#follow()
      const quiet = setInterval(() => reader.write(': quiet\n\n'), tailLimits.quietMs)
      return () => {
        clearInterval(quiet)
        this.#room.leave(reader)
        this.#followers.delete(follower)
        this.#follow()
      }
    }
  }

  #follow(): void {
    const filters = [...this.#followers].map(({ filter }) => filter)
    this.#settings.traffic.followRequests(filters, (seen) => this.#write(seen))
  }

  #write({ requests, skipped }: SeenRequests): void {
    const reports = requests.map((entry) => ({ entry, data: JSON.stringify(reportOf(entry)) }))
    for (const { filter, reader } of this.#followers) {
      const texts = reports
        .filter(({ entry }) => isFollowed(filter, entry))
        .map(({ data }) => `event: request\ndata: ${data}\n\n`)
      if (skipped > 0) texts.push(`event: skipped\ndata: {"requests":${skipped}}\n\n`)
      if (texts.length > 0) reader.write(texts.join(''))
    }
  }
}

function reportOf({ time, fields: _, ...entry }: AccessEntry): RequestReport {
  return { at: new Date(time).toISOString(), ...entry }
}
