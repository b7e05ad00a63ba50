// `topspin serve`: reads the configuration, starts the proxy and its control listener, logs where they listen, and
// serves until a signal stops it. SIGHUP reads the configuration again.

import type { Logger } from 'pino'
import { type ConfigResult, loadConfig } from '../config/config.ts'
import { problemsText } from '../config/problem.ts'
import { startProblems } from '../config/start-checks.ts'
import { readTls } from '../config/tls-files.ts'
import { createLogger } from '../server/logger.ts'
import { type Listening, type Serving, startServing } from '../server/serving.ts'
import { passedSockets } from '../server/systemd/passed-sockets.ts'
import { ServiceManager, servingStatus } from '../server/systemd/service-manager.ts'
import { exitCodes } from './failure.ts'
import { keyOfFlag } from './flags.ts'
import { listenFailure } from './listen-failure.ts'
import { Reloads } from './reloads.ts'
import { StopSignals } from './stop-signals.ts'

export interface ServeFlags extends Readonly<Partial<Record<keyof typeof keyOfFlag, FlagValue>>> {
  readonly config?: string
}

const retry = 'topspin serve --listen HOST:PORT --control HOST:PORT --console HOST:PORT'

type FlagValue = string | readonly string[]

/** Resolves with the exit code when the proxy has ended. */
export async function serve(
  flags: ServeFlags,
  onListening: (listening: Listening) => void = () => {},
): Promise<number> {
  // Before anything else: a signal during the start counts, too.
  const signals = new StopSignals()
  const reloads = new Reloads(() => configuration(flags))
  const onHangUp = (): void => reloads.request()
  process.on('SIGHUP', onHangUp)
  try {
    return await serveUntil(signals, flags, reloads, onListening)
  } finally {
    process.off('SIGHUP', onHangUp)
    signals.off()
  }
}

async function serveUntil(
  signals: StopSignals,
  flags: ServeFlags,
  reloads: Reloads,
  onListening: (listening: Listening) => void,
): Promise<number> {
  const result = configuration(flags)
  if (!result.ok) {
    process.stderr.write(problemsText(result.problems))
    const onlyFlags = result.problems.every(({ place }) => place.startsWith('--'))
    return onlyFlags ? exitCodes.usage : exitCodes.badConfiguration
  }
  const { config } = result
  const tls = await readTls(config)
  const problems = [...(tls.ok ? [] : tls.problems), ...startProblems(config)]
  if (!tls.ok || problems.length > 0) {
    process.stderr.write(problemsText(problems))
    return exitCodes.badConfiguration
  }
  const programLog = createLogger(config.log.level, 1)
  const { log, lines } = programLog
  const manager = ServiceManager.of(process.env, log)
  let serving: Serving | undefined
  void signals.second.then(() => {
    if (serving === undefined) process.exit(exitCodes.failure)
  })
  try {
    const inherited = passedSockets(process.env, log)
    const operations = { reload: reloads.reload }
    serving = await startServing(config, tls.material, programLog, { inherited, operations })
  } catch (error) {
    const { message, exitCode } = listenFailure(error, retry)
    process.stderr.write(`topspin: ${message}\n`)
    return exitCode
  }
  reloads.begin(serving, result.isEmpty, log, manager)
  const { reopenLogs } = serving
  process.on('SIGUSR1', reopenLogs)
  log.info(serving.listening, 'listening')
  onListening(serving.listening)
  void manager?.ready(servingStatus(serving.listening))
  void signals.first.then((signal) => manager?.stopping(`draining after ${signal}`))
  await stopped(signals, serving, log)
  process.off('SIGUSR1', reopenLogs)
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

/** Resolves when a signal has ended the proxy. */
async function stopped(signals: StopSignals, serving: Serving, log: Logger): Promise<void> {
  const signal = await signals.first
  const { drainMs } = serving
  log.info({ signal, withinMs: drainMs }, 'draining')
  const closed = signals.second.then((second) => {
    log.warn({ signal: second }, 'closing at once')
    return serving.close()
  })
  await Promise.race([serving.drain(drainMs), closed])
}
