// `topspin agent`: the agent as a sidecar, with flags.

import type { AdvertiseOptions } from '../agent/advertise-options.ts'
import { runSidecar } from '../agent/sidecar.ts'
import { readTlsFiles } from '../agent/tls-files.ts'
import { EnvironmentReader, present } from '../base/environment.ts'
import { TopspinError } from '../base/errors.ts'
import { commandSecret } from '../config/secret.ts'
import { createLogger } from '../server/logger.ts'
import { exitCodes } from './failure.ts'

export interface AgentFlags {
  readonly target: URL
  readonly context: readonly string[]
  readonly proxy: readonly string[]
  readonly route?: string
  /** PEM files, for proxies over TLS. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly secretFile?: string
  readonly advertise?: string
  /** The command to start, with its arguments; empty: the server runs already. */
  readonly command: readonly string[]
}

/** Resolves with the exit code: that of the command, when there is one. */
export async function runAgent(flags: AgentFlags): Promise<number> {
  const variables = new EnvironmentReader(process.env)
  const files = {
    ca: flags.ca ?? variables.text('CA'),
    cert: flags.cert ?? variables.text('CERT'),
    key: flags.key ?? variables.text('KEY'),
  }
  const advertise = advertiseOptions(flags.advertise, variables)
  variables.expect('SECRET', 'SECRET_FILE')
  for (const hint of variables.hints) complain(hint)
  const secret = commandSecret(flags.secretFile)
  if (!secret.ok) {
    complain(secret.problem)
    return exitCodes.usage
  }
  try {
    return await runSidecar({
      target: flags.target.href,
      contexts: flags.context,
      proxies: flags.proxy,
      tls: readTlsFiles(files),
      command: flags.command,
      // Standard output belongs to the command.
      log: createLogger('info', 2).log,
      ...present({ secret: secret.secret, advertise, route: flags.route }),
    })
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    complain(error.message)
    return exitCodes.usage
  }
}

const complain = (text: string): void => void process.stderr.write(`topspin agent: ${text}\n`)

/** The key is not a flag: other users of the machine can read those. */
function advertiseOptions(
  group: string | undefined,
  variables: EnvironmentReader,
): AdvertiseOptions | undefined {
  const key = variables.text('ADVERTISE_KEY')
  const which = variables.text('ADVERTISE_INTERFACE')
  if (group === undefined) return undefined
  return present({ group: group === 'on' ? undefined : group, key, interface: which })
}
