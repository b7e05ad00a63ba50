// `topspin drain`: the proxy takes a node, a context or the nodes of a domain out of rotation without a failed request. The command
// shows how far it is; Ctrl-C takes it back.

import { pause } from '../../base/wait.ts'
import type { ActionRecord } from '../../control/api/action.ts'
import type { DrainProgress } from '../../control/api/drain.ts'
import { counted } from '../counted.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { StopSignals } from '../stop-signals.ts'
import { type Remote, type RemoteFlags, withRemote } from './remote.ts'
import { type SteerFlags, targetOf } from './steer.ts'

export interface DrainFlags extends SteerFlags {
  /** How long sessions may continue, ms. */
  readonly within: number
  /** Whether the command ends with the drain. */
  readonly wait: boolean
}

const pollMs = 250

export const drain = (route: string | undefined, flags: DrainFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const began = performance.now()
    const target = await targetOf(remote, 'drain', route, flags)
    const order = { action: 'drain', ...target, withinMs: flags.within }
    const record = await remote.post<ActionRecord>('/actions', order)
    const last = flags.wait ? await ended(remote, record) : record
    const name = route ?? `domain ${flags.domain}`
    if (flags.json) printJson(last)
    else if (!flags.wait) print(`${name}: draining; ${takenBack(record)}\n`)
    const { state, nodes } = last.drain as DrainProgress
    const inFlight = sum(nodes.map((node) => node.inFlight))
    if (state === 'late')
      throw new CommandFailure(`${name}: stopped, but ${inFlight} requests are in flight`)
    if (state === 'cancelled' || state === 'overtaken')
      throw new CommandFailure(`${name}: not drained, somebody else has changed its orders`)
    if (!flags.wait || flags.json) return
    const seconds = ((performance.now() - began) / 1_000).toFixed(1)
    const sessions = sum(nodes.map((node) => node.sessions))
    const rest = sessions === 0 ? '' : `; sessions that move to other nodes: ${sessions}`
    const back = route === undefined ? takenBack(record) : `topspin enable ${route} brings it back`
    print(`${name}: drained in ${seconds} s${rest}; ${back}\n`)
  })

const takenBack = ({ id }: ActionRecord): string => `topspin undo ${id} takes it back`

/** The record when the drain has ended. @throws CommandFailure after a signal, which takes it back. */
async function ended(remote: Remote, record: ActionRecord): Promise<ActionRecord> {
  const signals = new StopSignals()
  const line = new ProgressLine(process.stderr)
  let signal: string | undefined
  void signals.first.then((name) => {
    signal = name
  })
  try {
    for (;;) {
      const now = await remote.get<ActionRecord>(`/actions/${record.id}`)
      line.show(now.drain as DrainProgress)
      if (now.drain?.ended !== null) return now
      await Promise.race([pause(pollMs), signals.first])
      if (signal === undefined) continue
      await remote.post(`/actions/${record.id}/undo`)
      throw new CommandFailure('drain taken back: the orders are as before')
    }
  } finally {
    line.end()
    signals.off()
  }
}

/** `topspin undo ID`: restores the orders before an action. */
export const undo = (id: string, flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    if (!/^\d+$/.test(id))
      throw new CommandFailure(
        `${id} is not the number of an action; topspin events shows them`,
        exitCodes.usage,
      )
    const record = await remote.post<ActionRecord>(`/actions/${id}/undo`)
    if (flags.json) return printJson(record)
    const routes = record.nodes.map(({ route }) => route).join(', ')
    print(`action ${id} taken back for ${routes}\n`)
  })

/** One line on a terminal that is written over; nothing elsewhere. */
class ProgressLine {
  readonly #output: NodeJS.WriteStream
  #isShown = false

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  show({ state, until, nodes }: DrainProgress): void {
    if (!this.#output.isTTY) return
    this.#isShown = true
    const sessions = counted(sum(nodes.map((node) => node.sessions)), 'session')
    const requests = counted(sum(nodes.map((node) => node.inFlight)), 'request')
    const seconds = Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1_000))
    const what = state === 'sessions' ? `sessions may continue for ${seconds} s` : 'last requests'
    const text = `${sessions}, ${requests} left; ${what} (Ctrl-C: undo)`
    // A line that is wrapped could not be written over.
    this.#output.write(`\r\x1b[K${text.slice(0, this.#output.columns - 1)}`)
  }

  end(): void {
    if (this.#isShown) this.#output.write('\r\x1b[K')
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
