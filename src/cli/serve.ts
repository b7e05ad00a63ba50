// `topspin serve`: reads the configuration, starts the proxy and its control listener, logs where they listen, and
// serves until a signal stops it. SIGHUP reads the configuration again.

import type { Logger } from '../base/log.ts'
import { type ConfigResult, loadConfig } from '../config/config.ts'
import { type ConfigProblem, formatProblem, problemsText } from '../config/problem.ts'
import { startProblems } from '../config/start-checks.ts'
import { readTls } from '../config/tls-files.ts'
import type { Operations } from '../control/operations.ts'
import { createLogger } from '../server/logger.ts'
import type { Listening, Serving } from '../server/serving.ts'
import { type StartMore, startServing } from '../server/start-serving.ts'
import { passedSockets } from '../server/systemd/passed-sockets.ts'
import { ServiceManager, servingStatus } from '../server/systemd/service-manager.ts'
import { Predecessor } from '../server/upgrade/predecessor.ts'
import { exitCodes } from './failure.ts'
import { keyOfFlag } from './flags.ts'
import { listenFailure } from './listen-failure.ts'
import { printError } from './output.ts'
import { Reloads } from './reloads.ts'
import { StopSignals } from './stop-signals.ts'
import { Upgrades } from './upgrades.ts'

export interface ServeFlags extends Readonly<Partial<Record<keyof typeof keyOfFlag, FlagValue>>> {
  readonly config?: string
}

const retry = 'topspin serve --listen HOST:PORT --control HOST:PORT --console HOST:PORT'

type FlagValue = string | readonly string[]

/** A value of the configuration from a flag. */
type GivenValue = Required<Parameters<typeof loadConfig>[1]>['flags'][number]

/** Resolves with the exit code when the proxy has ended. */
export const serve = (
  flags: ServeFlags,
  onListening: (listening: Listening) => void = () => {},
): Promise<number> => serveWith(flags.config, valuesOf(flags), onListening)

/** @param file of the configuration. @param values that outrank it. */
export async function serveWith(
  file: string | undefined,
  values: readonly GivenValue[],
  onListening: (listening: Listening) => void = () => {},
): Promise<number> {
  const configuration = (): ConfigResult =>
    loadConfig(file, { environment: process.env, flags: values })
  // Before anything else: a signal during the start counts, too.
  const signals = new StopSignals()
  const predecessor = Predecessor.of(process.env)
  const upgrades = new Upgrades(process.env)
  const reloads = new Reloads(configuration)
  const onHangUp = async (): Promise<void> => {
    const successor = await upgrades.settled()
    if (successor === undefined) reloads.request()
    else successor.kill('SIGHUP')
  }
  process.on('SIGHUP', onHangUp)
  void signals.first.then(() => predecessor?.abandon())
  try {
    return await serveUntil(signals, configuration, { reloads, upgrades, predecessor }, onListening)
  } finally {
    process.off('SIGHUP', onHangUp)
    signals.off()
    predecessor?.close()
  }
}

interface Changing {
  readonly reloads: Reloads
  readonly upgrades: Upgrades
  /** The process whose place this one takes. */
  readonly predecessor: Predecessor | undefined
}

async function serveUntil(
  signals: StopSignals,
  configuration: () => ConfigResult,
  { reloads, upgrades, predecessor }: Changing,
  onListening: (listening: Listening) => void,
): Promise<number> {
  const result = configuration()
  if (!result.ok) {
    const onlyFlags = result.problems.every(({ place }) => place.startsWith('--'))
    await report(result.problems, predecessor)
    return onlyFlags ? exitCodes.usage : exitCodes.badConfiguration
  }
  const { config } = result
  const tls = await readTls(config)
  const problems = [...(tls.ok ? [] : tls.problems), ...startProblems(config)]
  if (!tls.ok || problems.length > 0) {
    await report(problems, predecessor)
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
    const operations = operationsOf(reloads, upgrades)
    const { origins } = result
    const more = { ...(await inheritance(predecessor, log)), operations, origins }
    serving = await startServing(config, tls.material, programLog, more)
  } catch (error) {
    const { message, exitCode } = listenFailure(error, retry)
    process.stderr.write(`topspin: ${message}\n`)
    await predecessor?.failed([message])
    return exitCode
  }
  reloads.begin(serving, result.isEmpty, log, manager)
  upgrades.begin({ serving, log, manager })
  const { reopenLogs } = serving
  process.on('SIGUSR1', reopenLogs)
  log.info(serving.listening, 'listening')
  onListening(serving.listening)
  const status = servingStatus(serving.listening)
  if (predecessor === undefined) void manager?.ready(status)
  else await manager?.readyInstead(status)
  predecessor?.ready()
  void signals.first.then((signal) => manager?.stopping(`draining after ${signal}`))
  await stopped(signals, serving, log, { upgrades, predecessor })
  process.off('SIGUSR1', reopenLogs)
  await lines.flush()
  return exitCodes.ok
}

const valuesOf = (flags: ServeFlags): readonly GivenValue[] =>
  Object.entries(keyOfFlag).flatMap(([name, path]) => {
    const value = flags[name as keyof typeof keyOfFlag]
    return value === undefined ? [] : [{ flag: `--${name}`, path, value }]
  })

/** On standard error, and to the process that this one was to replace. */
async function report(
  problems: readonly ConfigProblem[],
  predecessor: Predecessor | undefined,
): Promise<void> {
  printError(problemsText(problems))
  await predecessor?.failed(problems.map(formatProblem))
}

/** The sockets that are open already, from the process that this one replaces or from systemd. */
async function inheritance(
  predecessor: Predecessor | undefined,
  log: Logger,
): Promise<Pick<StartMore, 'inherited' | 'predecessor'>> {
  if (predecessor === undefined) return { inherited: passedSockets(process.env, log) }
  const { sockets, state } = await predecessor.receive()
  return { inherited: sockets, predecessor: { process: predecessor, state } }
}

function operationsOf(reloads: Reloads, upgrades: Upgrades): Operations {
  return {
    async reload() {
      if ((await upgrades.settled()) === undefined) return reloads.reload()
      return { ok: false, problems: ['another process has taken over: order it again'] }
    },
    upgrade: () => upgrades.upgrade(reloads),
  }
}

/** Resolves when a signal has ended the proxy, or another process has taken over and the connections here have ended. */
async function stopped(
  signals: StopSignals,
  serving: Serving,
  log: Logger,
  { upgrades, predecessor }: Pick<Changing, 'upgrades' | 'predecessor'>,
): Promise<void> {
  const end = new AbortController()
  const closing = signals.second.then((second) => {
    log.warn({ signal: second }, 'closing at once')
    return serving.close()
  })
  const signalled = signals.first.then(async (signal) => {
    const { isRunning } = upgrades
    const other = await upgrades.end()
    // A signal to this process alone, while the other one takes over, is for both.
    if (isRunning) other?.kill(signal)
    end.abort()
    return other
  })
  const successor = await Promise.race([upgrades.done, signalled])
  if (successor !== undefined) {
    await Promise.race([serving.leave(successor, end.signal), closing])
    return successor.release()
  }
  const signal = await signals.first
  const { drainMs } = serving
  log.info({ signal, withinMs: drainMs }, 'draining')
  const drained = Promise.all([serving.drain(drainMs), predecessor?.end(drainMs)])
  await Promise.race([drained, closing])
}
