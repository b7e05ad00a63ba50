// `topspin drain`: takes a node out of the traffic without an error for anybody. New sessions go elsewhere at
// once, those that it has may go on for a while, then nothing is sent to it and what is in flight ends.

import type { AppMethod } from '../wire/mcmp/message.ts'
import type { DrainOptions } from './program.ts'
import { CommandFailure, type Remote, withRemote } from './remote.ts'

const pollMs = 200
/** A node to which nothing came for this long is taken for one without sessions, ms. */
const quietMs = 2_000
/** How long requests that are in flight at the end may take, ms. */
const lastRequestsMs = 30_000

export const drain = (route: string, options: DrainOptions): Promise<number> =>
  withRemote(options, async (remote) => {
    const began = performance.now()
    await remote.node(route)
    await order(remote, 'DISABLE-APP', route)
    const isQuiet = await untilQuiet(remote, route, began + options.within)
    if ((await remote.find(route)) !== undefined) await order(remote, 'STOP-APP', route)
    const left = await untilEmpty(remote, route, performance.now() + lastRequestsMs)
    const ms = Math.round(performance.now() - began)
    const outcome = { command: 'drain', route, quiet: isQuiet, inFlight: left, ms }
    if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
    if (left > 0) throw new CommandFailure(`${route}: stopped, but ${left} requests are in flight`)
    const rest = isQuiet ? '' : '; it still had work when its sessions were cut off'
    if (!options.json)
      process.stdout.write(`${route}: drained in ${(ms / 1_000).toFixed(1)} s${rest}\n`)
  })

const order = (remote: Remote, method: AppMethod, route: string): Promise<void> =>
  remote.tell({ method, wildcard: true, route, aliases: [], contexts: [] })

/** Whether nothing has come to it for a while, or it has left, by the time given (monotonic ms). */
async function untilQuiet(remote: Remote, route: string, end: number): Promise<boolean> {
  let elected = -1
  let since = performance.now()
  for (;;) {
    const node = await remote.find(route)
    const now = performance.now()
    if (node === undefined) return true
    if (node.elected !== elected || node.inFlight > 0) {
      elected = node.elected
      since = now
    }
    if (now - since >= quietMs) return true
    if (now >= end) return false
    await pause()
  }
}

/** Requests in flight when none is left, or at the end. */
async function untilEmpty(remote: Remote, route: string, end: number): Promise<number> {
  for (;;) {
    const inFlight = (await remote.find(route))?.inFlight ?? 0
    if (inFlight === 0 || performance.now() >= end) return inFlight
    await pause()
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pollMs))
