// `topspin agent`: the agent as a sidecar, with flags and variables by the table of the options
// (agent/option-table.ts).

import { runSidecar } from '../agent/sidecar.ts'
import { textOptions } from '../agent/text-options.ts'
import { readTlsFiles } from '../agent/tls-files.ts'
import { EnvironmentReader, present } from '../base/environment.ts'
import { TopspinError } from '../base/errors.ts'
import { defaultAddresses } from '../base/host-port.ts'
import { silent } from '../base/log.ts'
import { commandSecret } from '../config/secret.ts'
import { createLogger } from '../server/logger.ts'
import { type AgentFlags, flagValue } from './agent-flags.ts'
import { exitCodes } from './failure.ts'

/** Resolves with the exit code: that of the command, when there is one. */
export async function runAgent(command: readonly string[], flags: AgentFlags): Promise<number> {
  const variables = new EnvironmentReader(process.env)
  const { options, tlsFiles, level } = textOptions('sidecar', variables, (row) =>
    flagValue(row, flags),
  )
  const { target, proxies, ...rest } = options as typeof options & { target?: string }
  const secret = commandSecret(flags.secretFile)
  const problems = [...variables.problems, ...variables.hints]
  if (!secret.ok) problems.push(secret.problem)
  if (target === undefined)
    problems.push('the target is missing; write --target http://HOST:PORT, or set TOPSPIN_TARGET')
  for (const problem of problems) complain(problem)
  if (target === undefined || !secret.ok || problems.length > 0) return exitCodes.usage
  const isFound = rest.advertise !== undefined || rest.agentCheck !== undefined
  const byDefault = isFound ? [] : [defaultAddresses.nodes]
  try {
    return await runSidecar({
      target,
      ...rest,
      proxies: proxies ?? byDefault,
      tls: readTlsFiles(tlsFiles),
      command,
      // Standard output belongs to the command.
      log: level === 'off' ? silent : createLogger(level, 2).log,
      ...present({ secret: secret.secret }),
    })
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    complain(error.message)
    return exitCodes.usage
  }
}

const complain = (text: string): void => void process.stderr.write(`topspin agent: ${text}\n`)
