// `topspin agent`: the sidecar of the agent's door, with flags.

import type { AdvertiseOptions } from '../agent/advertise-options.ts'
import { runSidecar } from '../agent/sidecar.ts'
import { readTlsFiles } from '../agent/tls-files.ts'
import { TopspinError } from '../base/errors.ts'
import { shownSecret } from '../config/secret.ts'
import { createLogger } from '../server/logger.ts'
import { exitCodes } from './exit-codes.ts'
import type { AgentOptions } from './program.ts'

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
      tls: readTlsFiles({
        ca: options.ca ?? process.env['TOPSPIN_CA'],
        cert: options.cert ?? process.env['TOPSPIN_CERT'],
        key: options.key ?? process.env['TOPSPIN_KEY'],
      }),
      command: options.command,
      // Standard output belongs to the command.
      log: createLogger('info', process.stderr),
      ...(shown.secret === undefined ? {} : { secret: shown.secret }),
      ...(options.advertise === undefined
        ? {}
        : { advertise: advertiseOptions(options.advertise) }),
      ...(options.route === undefined ? {} : { route: options.route }),
    })
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    process.stderr.write(`topspin agent: ${error.message}\n`)
    return exitCodes.usage
  }
}

/** The key is no flag: other users of the machine see those. */
function advertiseOptions(group: string): AdvertiseOptions {
  const { TOPSPIN_ADVERTISE_KEY: key, TOPSPIN_ADVERTISE_INTERFACE: which } = process.env
  return {
    ...(group === 'on' ? {} : { group }),
    ...(key === undefined ? {} : { key }),
    ...(which === undefined ? {} : { interface: which }),
  }
}
