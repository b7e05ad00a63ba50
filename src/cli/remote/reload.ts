// `topspin reload`: makes a running proxy read its configuration again.

import type { ReloadOutcome } from '../../control/operations.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

/** New workers have to start. */
const withinMs = 60_000

export const reload = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const outcome = await remote.post<ReloadOutcome>('/reload', {}, withinMs)
    if (flags.json) printJson(outcome)
    if (!outcome.ok) {
      const problems = outcome.problems.map((problem) => `  ${problem}`).join('\n')
      throw new CommandFailure(`nothing has changed:\n${problems}`, exitCodes.badConfiguration)
    }
    if (!flags.json) print(outcomeText(outcome))
  })

function outcomeText({ changed, restart }: Extract<ReloadOutcome, { ok: true }>): string {
  const lines = [
    changed.length === 0
      ? 'reloaded; no key has changed'
      : `reloaded; changed: ${changed.join(', ')}`,
    ...(restart.length === 0 ? [] : [`needs a restart: ${restart.join(', ')}`]),
  ]
  return `${lines.join('\n')}\n`
}
