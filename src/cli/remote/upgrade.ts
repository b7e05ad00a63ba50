// `topspin upgrade`: makes a running proxy start its program anew, and end when that has taken over.

import { upgradeLimits } from '../../base/limits.ts'
import type { UpgradeOutcome } from '../../control/operations.ts'
import { CommandFailure } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

const { preparedMs, messagesMs, readyMs, answerMs } = upgradeLimits
const withinMs = preparedMs + messagesMs + readyMs + answerMs

export const upgrade = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const outcome = await remote.post<UpgradeOutcome>('/upgrade', {}, withinMs)
    if (flags.json) printJson(outcome)
    if (!outcome.ok) {
      const problems = outcome.problems.map((problem) => `  ${problem}`).join('\n')
      throw new CommandFailure(`not upgraded, the running proxy goes on:\n${problems}`)
    }
    if (!flags.json) print(outcomeText(outcome))
  })

function outcomeText({
  serving,
  ending,
  withinMs: ms,
}: Extract<UpgradeOutcome, { ok: true }>): string {
  return `process ${serving.pid} serves now (topspin ${serving.version})
process ${ending.pid} (topspin ${ending.version}) ends with its last connection, within ${ms / 1_000} s
`
}
