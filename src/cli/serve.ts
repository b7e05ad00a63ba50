// `topspin serve`: reads the configuration, starts the proxy and its control listener, says where they
// listen, and serves until it is told to stop. SIGHUP reads the configuration again.

import type { Logger } from 'pino'
import {
  type ConfigResult,
  formatProblem,
  loadConfig,
  type Problem,
  type Sources,
} from '../config/config.ts'
import { readTls } from '../config/tls-files.ts'
import { createLogger } from '../server/logger.ts'
import { type Listening, type Serving, startServing } from '../server/serving.ts'
import { exitCodes } from './exit-codes.ts'
import { listenFailure } from './listen-failure.ts'
import type { ServeOptions } from './program.ts'
import { onStopSignals } from './stop-signals.ts'
import { tellProblems } from './tell-problems.ts'

/** Resolves with the exit code when the proxy has ended. */
export async function serve(
  options: ServeOptions,
  onListening: (listening: Listening) => void = () => {},
): Promise<number> {
  const result = configuration(options)
  if (!result.ok) {
    tellProblems(result.problems)
    const onlyFlags = result.problems.every(({ place }) => place.startsWith('--'))
    return onlyFlags ? exitCodes.usage : exitCodes.badConfiguration
  }
  const tls = readTls(result.config)
  if (!tls.ok) {
    tellProblems(tls.problems)
    return exitCodes.badConfiguration
  }
  const log = createLogger(result.config.log.level, process.stdout)
  let serving: Serving
  try {
    serving = await startServing(result.config, tls.material, log)
  } catch (error) {
    const { message, exitCode } = listenFailure(error, 'topspin serve')
    process.stderr.write(`topspin: ${message}\n`)
    return exitCode
  }
  const reload = (): void => {
    // A reload that fails is no reason to stop serving.
    reloadFrom(options, serving, log).catch((error: unknown) =>
      log.error({ reason: String(error) }, 'configuration not reloaded'),
    )
  }
  process.on('SIGHUP', reload)
  log.info(serving.listening, 'listening')
  onListening(serving.listening)
  const code = await untilStopped(serving, result.config.timeouts.drain, log)
  process.off('SIGHUP', reload)
  return code
}

function configuration(options: ServeOptions): ConfigResult {
  const flags: Sources['flags'][number][] = []
  if (options.listen !== undefined)
    flags.push({ flag: '--listen', path: 'listen', value: options.listen })
  if (options.control !== undefined)
    flags.push({ flag: '--control', path: 'control.listen', value: options.control })
  if (options.console !== undefined)
    flags.push({ flag: '--console', path: 'control.console', value: options.console })
  if (options.to !== undefined) flags.push({ flag: '--to', path: 'to', value: options.to })
  if (options.workers !== undefined)
    flags.push({ flag: '--workers', path: 'workers', value: options.workers })
  if (options.state !== undefined)
    flags.push({ flag: '--state', path: 'state', value: options.state })
  if (options.advertise !== undefined)
    flags.push({ flag: '--advertise', path: 'advertise.group', value: options.advertise })
  return loadConfig(options.config, { environment: process.env, flags })
}

/** A configuration with a problem changes nothing. */
async function reloadFrom(options: ServeOptions, serving: Serving, log: Logger): Promise<void> {
  const unusable = (problems: readonly Problem[]): void =>
    log.error(
      { problems: problems.map(formatProblem) },
      'configuration not reloaded: it has problems',
    )
  const result = configuration(options)
  if (!result.ok) return unusable(result.problems)
  const tls = readTls(result.config)
  if (!tls.ok) return unusable(tls.problems)
  const waiting = await serving.reload(result.config, tls.material)
  if (waiting.length > 0)
    log.warn({ keys: waiting }, 'changed, but in force only after a new start')
  log.info({}, 'configuration reloaded')
}

function untilStopped(serving: Serving, drainMs: number, log: Logger): Promise<number> {
  return new Promise((resolve) => {
    const finish = async (how: Promise<void>): Promise<void> => {
      await how
      off()
      resolve(exitCodes.ok)
    }
    const off = onStopSignals({
      begin(signal) {
        log.info({ signal, withinMs: drainMs }, 'draining')
        void finish(serving.drain(drainMs))
      },
      now(signal) {
        log.warn({ signal }, 'closing now')
        void finish(serving.close())
      },
    })
  })
}
