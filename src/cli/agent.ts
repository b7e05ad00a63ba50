// `topspin agent`: the sidecar of the agent's door, with flags.

import { runSidecar } from '../agent/sidecar.ts'
import { TopspinError } from '../base/errors.ts'
import { exitCodes } from './exit-codes.ts'
import { createLogger } from './logger.ts'
import type { AgentOptions } from './program.ts'
import { shownSecret } from './secret.ts'

/** Resolves with the exit code: that of the command, when there is one. */
export async function runAgent(options: AgentOptions): Promise<number> {
  const shown = shownSecret(options.secretFile)
  if (!shown.ok) {
    process.stderr.write(`topspin agent: ${shown.problem}\n`)
    return exitCodes.usage
  }
  try {
    return await runSidecar({
      target: options.target.href,
      contexts: options.context,
      proxies: options.proxy,
      command: options.command,
      // Standard output belongs to the command.
      log: createLogger('info', process.stderr),
      ...(shown.secret === undefined ? {} : { secret: shown.secret }),
      ...(options.route === undefined ? {} : { route: options.route }),
    })
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    process.stderr.write(`topspin agent: ${error.message}\n`)
    return exitCodes.usage
  }
}
