// `topspin serve`: reads the configuration, starts the proxy and its control listener, logs where they listen, and
// serves until a signal stops it. SIGHUP reads the configuration again.

import type { Logger } from 'pino'
import { type ConfigResult, loadConfig } from '../config/config.ts'
import { type ConfigProblem, formatProblem, problemsText } from '../config/problem.ts'
import { readTls } from '../config/tls-files.ts'
import { createLogger } from '../server/logger.ts'
import { type Listening, type Serving, startServing } from '../server/serving.ts'
import { exitCodes } from './failure.ts'
import { keyOfFlag } from './flags.ts'
import { listenFailure } from './listen-failure.ts'
import { onStopSignals } from './stop-signals.ts'

export interface ServeFlags extends Readonly<Partial<Record<keyof typeof keyOfFlag, FlagValue>>> {
  readonly config?: string
}

const retry = 'topspin serve --listen HOST:PORT --control HOST:PORT'

type FlagValue = string | readonly string[]

/** Resolves with the exit code when the proxy has ended. */
export async function serve(
  flags: ServeFlags,
  onListening: (listening: Listening) => void = () => {},
): Promise<number> {
  const result = configuration(flags)
  if (!result.ok) {
    process.stderr.write(problemsText(result.problems))
    const onlyFlags = result.problems.every(({ place }) => place.startsWith('--'))
    return onlyFlags ? exitCodes.usage : exitCodes.badConfiguration
  }
  const { config } = result
  const tls = readTls(config)
  if (!tls.ok) {
    process.stderr.write(problemsText(tls.problems))
    return exitCodes.badConfiguration
  }
  const programLog = createLogger(config.log.level, 1)
  const { log, lines } = programLog
  for (const hint of result.hints) log.warn({}, hint)
  let serving: Serving
  try {
    serving = await startServing(config, tls.material, programLog)
  } catch (error) {
    const { message, exitCode } = listenFailure(error, retry)
    process.stderr.write(`topspin: ${message}\n`)
    return exitCode
  }
  const reload = (): void => {
    reloadFrom(flags, serving, log).catch((error: unknown) =>
      log.error({ reason: String(error) }, 'configuration not reloaded'),
    )
  }
  process.on('SIGHUP', reload)
  log.info(serving.listening, 'listening')
  onListening(serving.listening)
  await stopped(serving, config.timeouts.drain, log)
  process.off('SIGHUP', reload)
  await lines.flush()
  return exitCodes.ok
}

function configuration(flags: ServeFlags): ConfigResult {
  const values = Object.entries(keyOfFlag).flatMap(([name, path]) => {
    const value = flags[name as keyof typeof keyOfFlag]
    return value === undefined ? [] : [{ flag: `--${name}`, path, value }]
  })
  return loadConfig(flags.config, { environment: process.env, flags: values })
}

/** A configuration with a problem changes nothing. */
async function reloadFrom(flags: ServeFlags, serving: Serving, log: Logger): Promise<void> {
  const refuse = (problems: readonly ConfigProblem[]): void =>
    log.error(
      { problems: problems.map(formatProblem) },
      'configuration not reloaded: it has problems',
    )
  const result = configuration(flags)
  if (!result.ok) return refuse(result.problems)
  for (const hint of result.hints) log.warn({}, hint)
  const tls = readTls(result.config)
  if (!tls.ok) return refuse(tls.problems)
  const restartKeys = await serving.reload(result.config, tls.material)
  if (restartKeys.length > 0) log.warn({ keys: restartKeys }, 'changed keys need a restart')
  log.info({}, 'configuration reloaded')
}

/** Resolves when a signal has ended the proxy. */
function stopped(serving: Serving, drainMs: number, log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const finish = async (ending: Promise<void>): Promise<void> => {
      await ending
      off()
      resolve()
    }
    const off = onStopSignals({
      first(signal) {
        log.info({ signal, withinMs: drainMs }, 'draining')
        void finish(serving.drain(drainMs))
      },
      second(signal) {
        log.warn({ signal }, 'closing at once')
        void finish(serving.close())
      },
    })
  })
}
