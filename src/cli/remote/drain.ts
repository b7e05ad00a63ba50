// `topspin drain`: takes a node out of rotation without a failed request. Its contexts are disabled, so that new
// sessions go elsewhere; existing sessions may continue for a while; then it is stopped and its last requests end.

import { pause } from '../../base/wait.ts'
import type { AppMethod } from '../../wire/mcmp/message.ts'
import { nodeOrder } from '../../wire/mcmp/operator-messages.ts'
import { CommandFailure } from '../failure.ts'
import { type Remote, type RemoteFlags, withRemote } from './remote.ts'

export interface DrainFlags extends RemoteFlags {
  /** How long sessions may continue, ms. */
  readonly within: number
}

const pollMs = 200
/** How long requests in flight may take after the stop, ms. */
const lastRequestsMs = 30_000

/** The unfinished work of a node. */
interface Work {
  readonly sessions: number
  readonly inFlight: number
}

export const drain = (route: string, flags: DrainFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const began = performance.now()
    await remote.node(route)
    await send(remote, 'DISABLE-APP', route)
    const isIdle = ({ sessions, inFlight }: Work): boolean => sessions === 0 && inFlight === 0
    const { sessions } = await workAfter(remote, route, isIdle, began + flags.within)
    if ((await remote.find(route)) !== undefined) await send(remote, 'STOP-APP', route)
    const isDone = ({ inFlight }: Work): boolean => inFlight === 0
    const { inFlight } = await workAfter(remote, route, isDone, performance.now() + lastRequestsMs)
    const ms = Math.round(performance.now() - began)
    const outcome = { command: 'drain', route, sessions, inFlight, ms }
    if (flags.json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
    if (inFlight > 0)
      throw new CommandFailure(`${route}: stopped, but ${inFlight} requests are in flight`)
    const rest = sessions === 0 ? '' : `; sessions that move to other nodes: ${sessions}`
    if (!flags.json)
      process.stdout.write(
        `${route}: drained in ${(ms / 1_000).toFixed(1)} s${rest}; topspin enable ${route} brings it back\n`,
      )
  })

const send = (remote: Remote, method: AppMethod, route: string): Promise<void> =>
  remote.send(nodeOrder(method, route))

/** Polls until the condition holds or `end` (monotonic ms) has passed; a node that has left has no work. */
async function workAfter(
  remote: Remote,
  route: string,
  condition: (work: Work) => boolean,
  end: number,
): Promise<Work> {
  for (;;) {
    const work = (await remote.find(route)) ?? { sessions: 0, inFlight: 0 }
    if (condition(work) || performance.now() >= end) return work
    await pause(pollMs)
  }
}
