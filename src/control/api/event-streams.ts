// Server-sent events [HTML Living Standard 9.2]: each event at once, and each second the live numbers that have changed since
// the last second. A reader that does not keep up is cut (stream-reader.ts), never waited for.

import { eventLimits } from '../../base/limits.ts'
import { plainCounts } from '../../cluster/traffic-counts.ts'
import type { ProxyEvent } from '../events/event-ring.ts'
import type { ControlSettings } from '../options.ts'
import type { PageResponse, Reader, Stream } from '../page-response.ts'
import { StreamRoom } from '../stream-room.ts'
import type { Trends } from '../trends.ts'
import { type NodeView, nodeViews } from './node-view.ts'
import { problem } from './problem.ts'

type Fields = Readonly<Record<string, unknown>>

/** What the followers know. */
interface Live {
  readonly nodes: ReadonlyMap<string, Fields>
  readonly traffic: Fields
}

export class EventStreams {
  readonly #settings: ControlSettings
  readonly #trends: Trends
  readonly #room: StreamRoom<Reader>
  #timer: NodeJS.Timeout | undefined
  #isReading = false
  #known: Live = { nodes: new Map(), traffic: {} }
  #writtenAt = 0

  constructor(settings: ControlSettings, trends: Trends) {
    this.#settings = settings
    this.#trends = trends
    this.#room = new StreamRoom(eventLimits.streamsMax, settings)
  }

  /**
   * @param lastEventId of an earlier stream: the events after it are sent first.
   * @param from address of the reader.
   */
  open(lastEventId: string, from: string): PageResponse {
    if (!this.#room.hasRoomFor(from))
      return problem(503, `${eventLimits.streamsMax} streams are open already`)
    const stream: Stream = (reader) => this.#start(reader, lastEventId)
    return { status: 200, contentType: 'text/event-stream', body: '', stream }
  }

  #start(reader: Reader, lastEventId: string): (() => void) | undefined {
    // Others may have begun since the answer was decided.
    if (!this.#room.enter(reader)) return undefined
    const write = (text: string): void => reader.write(text)
    const { events } = this.#settings
    const since = this.#positionIn(lastEventId)
    if (since === undefined) write(`event: reset\ndata: {"last":${events.last}}\n\n`)
    for (const event of events.after(since ?? events.last)) write(this.#eventText(event))
    write(liveText(this.#settings.clock.wall(), this.#known, []))
    const unfollow = events.follow((event) => write(this.#eventText(event)))
    this.#timer ??= setInterval(() => void this.#step(), eventLimits.liveEveryMs)
    void this.#step()
    return () => {
      unfollow()
      this.#room.leave(reader)
      if (this.#room.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
      this.#known = { nodes: new Map(), traffic: {} }
    }
  }

  /** The number of an event's id in this run; `undefined` when events after it are missing. */
  #positionIn(lastEventId: string): number | undefined {
    const { events, registry } = this.#settings
    if (lastEventId === '') return events.last
    const [run, number] = lastEventId.split('-')
    const id = Number(number)
    return run === registry.runId && Number.isSafeInteger(id) && events.isKept(id) ? id : undefined
  }

  #eventText(event: ProxyEvent): string {
    const id = `${this.#settings.registry.runId}-${event.id}`
    return `id: ${id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`
  }

  /** Never rejects: a fault of ours ends no process. */
  async #step(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      const before = this.#known
      const now = await this.#read()
      if (this.#room.size === 0) return
      this.#known = now
      this.#write(differenceText(this.#settings.clock.wall(), before, now))
    } catch (error) {
      this.#settings.log.error({ reason: String(error) }, 'fault in the stream of live numbers')
    } finally {
      this.#isReading = false
    }
  }

  async #read(): Promise<Live> {
    const { traffic, slices } = this.#settings
    await traffic.refresh()
    const views = await slices.list(nodeViews(this.#settings, this.#trends))
    const wall = this.#settings.clock.wall()
    return {
      nodes: new Map(views.map((view) => [view.route, fieldsOf(view, wall)])),
      traffic: { ...plainCounts(traffic.counts()), ...this.#trends.total() },
    }
  }

  #write(text: string | undefined): void {
    const { clock } = this.#settings
    const isQuiet = clock.now() - this.#writtenAt >= eventLimits.quietMs
    if (text === undefined && !isQuiet) return
    this.#writtenAt = clock.now()
    for (const reader of this.#room.readers) reader.write(text ?? ': quiet\n\n')
  }
}

/** The time of the last STATUS in place of its age, which changes all the time. @param wall ms since 1970. */
const fieldsOf = ({ statusAgeMs, ...fields }: NodeView, wall: number): Fields => ({
  ...fields,
  reportedAt: statusAgeMs === null ? null : Math.round((wall - statusAgeMs) / 1_000) * 1_000,
})

/** `undefined` when nothing has changed. */
function differenceText(wall: number, before: Live, now: Live): string | undefined {
  const nodes = new Map<string, Fields>()
  for (const [route, fields] of now.nodes) {
    const changed = changedFields(before.nodes.get(route) ?? {}, fields)
    if (changed !== undefined) nodes.set(route, changed)
  }
  const gone = [...before.nodes.keys()].filter((route) => !now.nodes.has(route))
  const traffic = changedFields(before.traffic, now.traffic)
  if (nodes.size === 0 && gone.length === 0 && traffic === undefined) return undefined
  return liveText(wall, { nodes, traffic: traffic ?? {} }, gone)
}

function liveText(wall: number, { nodes, traffic }: Live, gone: readonly string[]): string {
  const at = new Date(wall).toISOString()
  const changed = [...nodes].map(([route, fields]) => ({ ...fields, route }))
  return `event: live\ndata: ${JSON.stringify({ at, nodes: changed, gone, traffic })}\n\n`
}

/** A field that there is no more is `null`. */
function changedFields(before: Fields, now: Fields): Fields | undefined {
  const changed = Object.entries(now).filter(([name, value]) => !isSame(before[name], value))
  for (const name of Object.keys(before)) if (!(name in now)) changed.push([name, null])
  return changed.length === 0 ? undefined : Object.fromEntries(changed)
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
