// `topspin drain`: takes a node out of the traffic without an error for anybody. New sessions go elsewhere at
// once, those that it has may go on for a while, then nothing is sent to it and what is in flight ends.

import type { AppMethod } from '../wire/mcmp/message.ts'
import type { DrainOptions } from './program.ts'
import { CommandFailure, type Remote, withRemote } from './remote.ts'

const pollMs = 200
/** How long requests that are in flight at the end may take, ms. */
const lastRequestsMs = 30_000

/** What a node still has. */
interface Work {
  readonly sessions: number
  readonly inFlight: number
}

export const drain = (route: string, options: DrainOptions): Promise<number> =>
  withRemote(options, async (remote) => {
    const began = performance.now()
    await remote.node(route)
    await order(remote, 'DISABLE-APP', route)
    const isIdle = ({ sessions, inFlight }: Work): boolean => sessions === 0 && inFlight === 0
    const { sessions } = await until(remote, route, isIdle, began + options.within)
    if ((await remote.find(route)) !== undefined) await order(remote, 'STOP-APP', route)
    const isDone = ({ inFlight }: Work): boolean => inFlight === 0
    const { inFlight } = await until(remote, route, isDone, performance.now() + lastRequestsMs)
    const ms = Math.round(performance.now() - began)
    const outcome = { command: 'drain', route, sessions, inFlight, ms }
    if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
    if (inFlight > 0)
      throw new CommandFailure(`${route}: stopped, but ${inFlight} requests are in flight`)
    const rest = sessions === 0 ? '' : `; sessions that go elsewhere now: ${sessions}`
    if (!options.json)
      process.stdout.write(`${route}: drained in ${(ms / 1_000).toFixed(1)} s${rest}\n`)
  })

const order = (remote: Remote, method: AppMethod, route: string): Promise<void> =>
  remote.tell({ method, wildcard: true, route, aliases: [], contexts: [] })

/** What it has when it is as wanted, or at the end (monotonic ms); nothing when it has left. */
async function until(
  remote: Remote,
  route: string,
  isAsWanted: (work: Work) => boolean,
  end: number,
): Promise<Work> {
  for (;;) {
    const work = (await remote.find(route)) ?? { sessions: 0, inFlight: 0 }
    if (isAsWanted(work) || performance.now() >= end) return work
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
