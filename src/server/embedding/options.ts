// The options of programs that embed Topspin: the keys of the configuration file, with the program's own log.

import { type Logger, silent } from '../../base/log.ts'
import { badOption } from '../../base/option-forms.ts'
import { readOptions } from '../../config/config.ts'
import { type ConfigProblem, formatProblem } from '../../config/problem.ts'
import type { Config } from '../../config/schema.ts'
import { startProblems } from '../../config/start-checks.ts'
import type { AccessLog } from '../../proxy/index.ts'
import { LineOutput } from '../line-output.ts'
import type { ProgramLog } from '../logger.ts'

/** A value as in the configuration file: durations such as `10s` or numbers of ms, lists of one entry without the list. */
export type OptionValue =
  | string
  | number
  | boolean
  | readonly OptionValue[]
  | { readonly [key: string]: OptionValue | undefined }

/** Keys that have no meaning within a program: it has one process, and a log of its own. */
type ProgramKey = 'workers' | 'log'

/** The keys of the configuration file (docs/configuration.md). */
export type TopspinOptions = {
  readonly [Key in Exclude<keyof Config, ProgramKey>]?: OptionValue | undefined
} & {
  /** Where the log goes; pino and `console` fit. Default: nothing is logged. */
  readonly log?: Logger | undefined
  /**
   * Called at the end of each request with what the access log would say of it, whether there is one or not: `route` is the
   * node that was asked last, and `code` says why the proxy has answered itself or cut the response. A reload keeps it.
   * Default: none.
   */
  readonly onRequest?: AccessLog | undefined
}

export interface Embedded {
  readonly config: Config
  readonly log: Logger
  /** Whether the options name a control listener; without one, no node can register. */
  readonly hasControl: boolean
  readonly onRequest: AccessLog | undefined
}

/**
 * @param own keys that the caller fixes. @param left keys that the caller does not have.
 * @throws TopspinError BAD_OPTION, which names every problem.
 */
export function readEmbedded(
  options: TopspinOptions,
  own: Partial<Config>,
  left: readonly string[] = [],
): Embedded {
  if (typeof options !== 'object' || options === null)
    throw badOption("options are missing: for example { to: ['127.0.0.1:3001'] }")
  const { log = silent, onRequest, ...rest } = options
  if (onRequest !== undefined && typeof onRequest !== 'function')
    throw badOption('onRequest: is a function of the request that has ended')
  if (typeof log.warn !== 'function')
    throw badOption('log: is an object with debug, info, warn and error, as pino and console are')
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  const unused = ['workers', ...left].filter((key) => Object.hasOwn(given, key))
  if (unused.length > 0) throw badOption(`${unused.join(', ')}: not used here`)
  const read = readOptions(given)
  if (!read.ok) throw problemsError(read.problems)
  const config = { ...read.config, ...own, workers: 0 }
  const hasControl = Object.hasOwn(given, 'control')
  const problems = [...startProblems(config), ...(hasControl ? [] : controlNeeded(config))]
  if (problems.length > 0) throw problemsError(problems)
  return { config, log, hasControl, onRequest: onRequest && guarded(onRequest, log) }
}

/** A listener that throws ends nothing. */
const guarded =
  (listener: AccessLog, log: Logger): AccessLog =>
  (entry) => {
    try {
      listener(entry)
    } catch (error) {
      log.error({ reason: String(error) }, 'request listener failed')
    }
  }

function controlNeeded({ advertise, cluster }: Config): ConfigProblem[] {
  const keys = [
    ...(advertise.group === undefined ? [] : ['advertise']),
    ...(cluster.nats.length === 0 ? [] : ['cluster']),
  ]
  return keys.map((path) => ({ place: 'options', path, message: 'needs the option control' }))
}

export const problemsError = (problems: readonly ConfigProblem[]): Error =>
  badOption(problems.map(formatProblem).join('; '))

/** Written by threads: standard output is the program's, and nothing of it is changed. */
const standardOutput = { fd: 1, mayBlock: true }

/** The log of a program as that of the services. Standard output is used only when the access log names it. */
export function programLogOf(log: Logger): ProgramLog {
  return {
    log: {
      level: 'debug',
      debug: (detail, message) => log.debug(detail, message),
      info: (detail, message) => log.info(detail, message),
      warn: (detail, message) => log.warn(detail, message),
      error: (detail, message) => log.error(detail, message),
    },
    lines: new LineOutput(standardOutput, {
      failed: (error) => log.warn({ reason: error.message }, 'standard output not written'),
      dropped: (lines) => log.warn({ lines }, 'log lines dropped'),
    }),
  }
}
