// `topspin events` and `topspin tail`: what has happened at a running proxy, and the requests as they end.

import { eventLimits } from '../../base/limits.ts'
import { printable } from '../../base/printable.ts'
import { groupOf } from '../../console/model/event-text.ts'
import type { ProxyEvent } from '../../control/events/event-ring.ts'
import type { RequestReport } from '../../control/requests/request-followers.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { print, printError, printJson } from '../output.ts'
import { StopSignals } from '../stop-signals.ts'
import { wrapped } from '../wrapped.ts'
import { isAround, lastTimeOf } from './around.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

export interface EventsFlags extends RemoteFlags {
  readonly follow?: boolean
  readonly last: number
  /** Of the day, as `14:05`: the events around it. */
  readonly at?: string
}

export interface TailFlags extends RemoteFlags {
  readonly status?: string
  readonly path?: string
  readonly node?: string
  readonly client?: string
  /** ms. */
  readonly slowerThan?: number
  readonly retried?: true
}

export const showEvents = (flags: EventsFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const time = flags.at === undefined ? undefined : timeAt(flags.at)
    const limit = time === undefined ? flags.last : eventLimits.keptMax
    const { events: all } = await remote.get<{ readonly events: readonly ProxyEvent[] }>(
      `/events?limit=${limit}`,
    )
    const events = time === undefined ? all : all.filter(({ at }) => isAround(at, time))
    if (time !== undefined && events.length === 0 && !flags.json) printError(noneText(all[0]))
    const write = (event: ProxyEvent): void => {
      if (flags.json) printJson(event)
      else print(`${fitted(eventText(event, Date.now()))}\n`)
    }
    for (const event of events) write(event)
    if (flags.follow !== true) return
    await untilSignal((signal) =>
      remote.follow(
        '/events/stream',
        (name, data) => {
          if (name === 'event') write(JSON.parse(data) as ProxyEvent)
        },
        signal,
      ),
    )
  })

/** @throws CommandFailure for what is no time of the day. */
function timeAt(text: string): number {
  const time = lastTimeOf(text, Date.now())
  if (time !== undefined) return time
  throw new CommandFailure(`${text} is not a time of the day; write 14:05`, exitCodes.usage)
}

const noneText = (oldest: ProxyEvent | undefined): string =>
  oldest === undefined
    ? 'no events\n'
    : `no events then; the oldest that is kept is of ${whenText(oldest.at, Date.now())}\n`

export const tail = (flags: TailFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { status, path, node, client, slowerThan, retried } = flags
    const query = new URLSearchParams()
    const filter = { status, path, node, client, slowerThan, retried: retried && 'yes' }
    for (const [name, value] of Object.entries(filter))
      if (value !== undefined) query.set(name, String(value))
    await untilSignal((signal) =>
      remote.follow(
        `/requests/stream?${query}`,
        (name, data) => {
          if (name === 'request' && flags.json) printJson(JSON.parse(data))
          else if (name === 'request') print(`${fitted(requestText(JSON.parse(data)))}\n`)
          else if (name === 'skipped' && !flags.json)
            printError(`${JSON.parse(data).requests} requests left out\n`)
        },
        signal,
      ),
    )
  })

/** Ctrl-C ends it well. */
async function untilSignal(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signals = new StopSignals()
  const ended = new AbortController()
  void signals.first.then(() => ended.abort())
  // A reader such as `head` has what it wants.
  process.stdout.once('error', () => ended.abort())
  try {
    await run(ended.signal)
  } finally {
    signals.off()
  }
}

/** Lines behind the first one begin where the message does. */
const fitted = (line: string): string =>
  wrapped(line, process.stdout.isTTY ? process.stdout.columns : undefined, '12:00:07 warn  '.length)

/** `12:00:07 warn  a  node is down  reason connection refused`, in local time, in the words of the console. */
export function eventText(event: ProxyEvent, now: number): string {
  const { route, text, cause, facts } = groupOf(event)
  const { id } = event.detail
  // `topspin undo` asks for it.
  const action = event.message === 'operator action' && id !== undefined ? `action ${id}` : ''
  const parts = [route, text, facts, cause, action].filter((part) => part !== '')
  return `${whenText(event.at, now)} ${event.level.padEnd(5)} ${printable(parts.join('  '))}`
}

/** `12:00:07.120 GET /cart -> a 200 12.3 ms`. */
function requestText(request: RequestReport): string {
  const { at, method, target, route, status, code, durationMs, client, attempts, requestId } =
    request
  const id = requestId === '' ? '' : `  ${requestId}`
  const where = route === '' ? '-' : route
  const why = code === '' ? '' : ` ${code}`
  const tries = attempts > 1 ? ` (${attempts} attempts)` : ''
  const outcome = `${status === 0 ? 'gone' : status}${why} ${durationMs.toFixed(1)} ms${tries}`
  return printable(
    `${timeText(at)}${at.slice(19, 23)} ${outcome}  ${where}  ${client}  ${method} ${target}${id}`,
  )
}

/** The time, with the date in front where that is not the one of `now`. */
function whenText(at: string, now: number): string {
  const [date, today] = [new Date(at), new Date(now)]
  if (date.toDateString() === today.toDateString()) return timeText(at)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeText(at)}`
}

const two = (value: number): string => String(value).padStart(2, '0')

function timeText(at: string): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
