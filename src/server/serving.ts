// Starts the services of `topspin serve` around one registry: traffic, control listener and advertisements. Reloads,
// drains and closes them.

import { randomBytes } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import { type Endpoint, hostPortText } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { isUnixAddress, socketPathOf } from '../base/unix-address.ts'
import { pause } from '../base/wait.ts'
import { changedKeys, withValuesOf } from '../config/keys.ts'
import type { ConfigProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { controlSecret } from '../config/secret.ts'
import { readTls, type TlsMaterial, tlsNotes } from '../config/tls-files.ts'
import { cascadesIn } from '../config/traffic-settings.ts'
import { EventRing } from '../control/events/event-ring.ts'
import { recordingLog } from '../control/events/recording-log.ts'
import type { Operations } from '../control/operations.ts'
import { startControl } from '../control/start-control.ts'
import { isLoopback } from '../net/address.ts'
import { dateProblem } from '../net/certificate-check.ts'
import { handshakeProblem } from '../net/handshake-check.ts'
import { NodeTls } from '../net/node-tls.ts'
import { SocketFiles } from '../net/socket-file.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'
import { listenKeys, loadPolicies, newPseudonym } from '../proxy/index.ts'
import { Acme, storedCertificates } from './acme/acme.ts'
import { Advertising } from './advertising.ts'
import type { DataPlane } from './data-plane.ts'
import { HealthService } from './health-service.ts'
import { inProcess } from './in-process.ts'
import {
  type InheritedSocket,
  type ListenPlace,
  type ListenPlaces,
  listenPlaces,
} from './inherited-sockets.ts'
import type { ProgramLog } from './logger.ts'
import { ServedCluster } from './served-cluster.ts'
import {
  controlOptions,
  type Parts,
  type Present,
  planeSettings,
  workersOf,
} from './service-options.ts'
import { WorkerPool } from './workers/worker-pool.ts'
import { tryFile } from './write-target.ts'

/** The addresses of the listeners, as URLs. */
export interface Listening {
  readonly traffic: readonly string[]
  readonly control: string
  /** Absent when there is no address for browsers. */
  readonly console?: string
  /** Absent when there is no address for health checks alone. */
  readonly health?: string
}

type ReloadResult =
  | {
      readonly ok: true
      /** The keys whose new values are in force. */
      readonly changed: readonly string[]
      /** The keys whose values differ from those in force: they need a restart. */
      readonly restartKeys: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export interface Serving {
  readonly listening: Listening
  /** Time for requests in flight after SIGTERM, ms. */
  readonly drainMs: number
  /** Puts the configuration in force except for the keys that need a restart, or changes nothing and returns the problems. */
  reload(config: Config, tls: TlsMaterial): Promise<ReloadResult>
  /** Reads the certificates again that the configuration in force names; with a problem nothing changes. */
  renewTls(): Promise<readonly ConfigProblem[]>
  /**
   * Replaces the certificates that do not come from files; they serve the `https://` addresses of `listen` beside those
   * of the configuration, which come first. Rejects when one cannot be used; then nothing changes.
   */
  useIssued(certificates: readonly ServerCertificate[]): Promise<void>
  /** Opens the file of the access log again by its name. */
  reopenLogs(): void
  /**
   * Is not ready from now on, accepts until `drain.delay` has passed, lets requests in flight end within `deadlineMs`,
   * then closes.
   */
  drain(deadlineMs: number): Promise<void>
  /** Closes at once. */
  close(): Promise<void>
}

interface StartMore {
  /** What operators can do by POST on the control listener. */
  readonly operations?: Operations | undefined
  /** Sockets that another process has opened. */
  readonly inherited?: readonly InheritedSocket[]
}

/**
 * Rejects when an address or the access log cannot be opened, or a module of candidacy functions cannot be loaded;
 * then nothing runs.
 * @param inherited listening sockets that another process has opened for this one.
 */
export async function startServing(
  config: Config,
  tls: TlsMaterial,
  programLog: ProgramLog,
  more: StartMore = {},
): Promise<Serving> {
  const health = new HealthService()
  await health.use(config.health.listen)
  try {
    return await startServices(config, tls, programLog, health, more)
  } catch (error) {
    await health.close()
    throw error
  }
}

async function startServices(
  config: Config,
  tls: TlsMaterial,
  programLog: ProgramLog,
  health: HealthService,
  { operations, inherited = [] }: StartMore,
): Promise<Serving> {
  const events = new EventRing(() => systemClock.wall())
  const log = recordingLog(programLog.log, events)
  await loadPolicies(cascadesIn(config))
  const places = listenPlaces(config, inherited)
  warnOfUnused(places, log)
  const secret = controlSecret(config.control)
  const cluster = new ServedCluster(config, log)
  const ticketKeys = randomBytes(48).toString('base64')
  const pseudonym = newPseudonym()
  const issued = storedCertificates(config.acme)
  const first = { config, tls, issued, places }
  const settings = planeSettings(first, { ticketKeys, pseudonym })
  const options = {
    ...settings,
    inherited: handlesByKey(inherited),
    lines: programLog.lines,
    log,
    snapshot: () => cluster.registry.snapshot,
    live: cluster.live,
  }
  const plane = settings.workers === 0 ? await inProcess(options) : new WorkerPool(options)
  const nodeTls = { current: new NodeTls(tls.nodes) }
  const advertising = new Advertising(log)
  const socketFiles = new SocketFiles()
  const held = { inherited, socketFiles }
  const base = {
    log,
    programLog,
    cluster,
    ticketKeys,
    pseudonym,
    plane,
    nodeTls,
    advertising,
    ...held,
  }
  await cluster.restore(plane)
  await cluster.followSources(config, plane)
  await plane.apply(cluster.setFixedNodes(config))
  const traffic = await listening(plane, cluster)
  const present: Present = { ...first, secret, traffic }
  noteFiles(socketFiles, places.traffic)
  const checks = { current: config.health.checks }
  const control = await startControl({
    ...controlOptions({ ...base, checks }, present),
    registry: cluster.registry,
    live: cluster.live,
    state: () => cluster.state?.report(),
    operations,
    log,
    events,
  }).catch(async (error: unknown) => {
    cluster.close()
    await plane.close()
    socketFiles.removeAll()
    throw error
  })
  noteFiles(socketFiles, controlPlaces(places))
  warnOfRisks(present, control.address, log)
  await cluster.state?.start()
  advertising.use(config, control.address)
  health.become('ready')
  return new RunningServices({ ...base, checks, health, control }, present)
}

function warnOfUnused({ unused }: ListenPlaces, log: Logger): void {
  for (const { name, fd, address } of unused)
    log.warn(
      { name, fd, address: hostPortText(address) },
      'inherited socket not used: name it in listen, as fd:NAME',
    )
}

async function listening(plane: DataPlane, cluster: ServedCluster): Promise<readonly Endpoint[]> {
  try {
    return await plane.listen()
  } catch (error) {
    cluster.close()
    throw error
  }
}

/** By the names of their addresses. */
const handlesByKey = (inherited: readonly InheritedSocket[]): ReadonlyMap<string, ListenHandle> => {
  const keys = listenKeys(inherited.map(({ address }) => address))
  return new Map(inherited.map(({ handle }, index) => [keys[index] ?? '', handle]))
}

const controlPlaces = ({ control, console }: ListenPlaces): readonly ListenPlace[] =>
  console === undefined ? [control] : [control, console]

/** Of the sockets that this process or its workers have opened. */
function noteFiles(files: SocketFiles, places: readonly ListenPlace[]): void {
  for (const { entry, inherited } of places) {
    const path = socketPathOf(entry.host)
    if (path !== undefined && inherited === undefined) files.add(path)
  }
}

function warnOfRisks(
  { config: { control }, tls, secret }: Present,
  bound: Endpoint,
  log: Logger,
): void {
  if (tls.nodes.verify === false) log.warn({}, 'certificates of nodes are not verified')
  for (const { path, message } of tlsNotes(tls))
    log.warn({ key: path, reason: message }, 'clients may refuse the certificate')
  const isOpenToAll =
    !isLoopback(bound.host) &&
    !isUnixAddress(bound.host) &&
    control.allow.length === 0 &&
    secret === '' &&
    control.tls.clientAuth !== 'require'
  if (isOpenToAll)
    log.warn(
      { control: bound },
      'every machine that reaches the control listener can receive the traffic: set control.allow or control.secret',
    )
}

class RunningServices implements Serving {
  readonly #parts: Parts
  #present: Present
  readonly #acme: Acme
  /** The last of the changes, which follow one another. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Ends the drain delay. */
  readonly #closing: AbortController = new AbortController()

  constructor(parts: Parts, present: Present) {
    this.#parts = parts
    this.#present = present
    this.#acme = new Acme({
      log: parts.log,
      clock: systemClock,
      random: Math.random,
      useIssued: (certificates) => this.useIssued(certificates),
      useChallenges: (challenges) => this.#useChallenges(challenges),
    })
    this.#acme.use(present.config.acme)
  }

  get listening(): Listening {
    const { control, health } = this.#parts
    const { address, console } = control
    return {
      traffic: this.#present.traffic.map(urlOf),
      control: urlOf(address),
      ...(console === undefined ? {} : { console: urlOf(console) }),
      ...(health.address === undefined ? {} : { health: urlOf(health.address) }),
    }
  }

  get drainMs(): number {
    return this.#present.config.timeouts.drain
  }

  reload(wanted: Config, tls: TlsMaterial): Promise<ReloadResult> {
    return this.#inTurn(() => this.#reload(wanted, tls))
  }

  renewTls(): Promise<readonly ConfigProblem[]> {
    return this.#inTurn(() => this.#renewTls())
  }

  useIssued(issued: readonly ServerCertificate[]): Promise<void> {
    return this.#inTurn(async () => {
      // Workers have no way to refuse them.
      for (const certificate of issued) {
        const problem = await handshakeProblem(certificate)
        if (problem !== undefined) throw new Error(problem)
      }
      const { config, tls } = this.#present
      await this.#put(config, tls, issued)
    })
  }

  #useChallenges(challenges: NonNullable<Present['challenges']>): Promise<void> {
    return this.#inTurn(async () => {
      const isEmpty = Object.keys(challenges).length === 0
      this.#present = { ...this.#present, challenges: isEmpty ? undefined : challenges }
      await this.#parts.plane.reload(planeSettings(this.#present, this.#parts), [])
    })
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(change)
    this.#turn = result.catch(() => {})
    return result
  }

  async #reload(wanted: Config, tls: TlsMaterial): Promise<ReloadResult> {
    const { config } = this.#present
    const restartKeys = this.#restartKeys(wanted)
    const next = withValuesOf(config, wanted, restartKeys)
    const problems = await this.#problemsOf(next, tls)
    if (problems.length > 0) return { ok: false, problems }
    const changed = changedKeys(config, next)
    try {
      await this.#put(next, tls)
    } catch (error) {
      if (!(error instanceof TopspinError)) throw error
      return { ok: false, problems: [{ place: 'configuration', path: '', message: error.message }] }
    }
    return { ok: true, changed, restartKeys }
  }

  async #renewTls(): Promise<readonly ConfigProblem[]> {
    const { config } = this.#present
    const tls = await readTls(config)
    const problems = tls.ok ? this.#outdated(tls.material) : tls.problems
    if (tls.ok && problems.length === 0) await this.#put(config, tls.material)
    return problems
  }

  readonly reopenLogs = (): void => this.#parts.plane.reopenLogs()

  /** The changed keys that need a restart: those that decide whether this process serves traffic. */
  #restartKeys(next: Config): readonly string[] {
    const { config } = this.#present
    const isInProcess = (it: Config): boolean => workersOf(it) === 0
    const keys = isInProcess(next) === isInProcess(config) ? [] : ['workers', 'control.traffic']
    return changedKeys(config, next).filter((key) => keys.includes(key))
  }

  /** Of a configuration that is valid, but not for a proxy that serves already. */
  async #problemsOf(next: Config, tls: TlsMaterial): Promise<readonly ConfigProblem[]> {
    const { cluster } = this.#parts
    const problems = this.#outdated(tls)
    const refuse = (path: string, message: string): void =>
      void problems.push({ place: 'configuration', path, message })
    const failed =
      (path: string) =>
      ({ message }: Error): void =>
        refuse(path, message)
    if (cluster.wouldBeEmpty(next.to)) refuse('to', 'removes all nodes: restart to do that')
    await loadPolicies(cascadesIn(next)).catch(failed(''))
    if (next.accessLog !== this.#present.config.accessLog)
      await tryFile(next.accessLog).catch(failed('accessLog'))
    try {
      controlSecret(next.control)
    } catch (error) {
      refuse('control.secretFile', (error as Error).message)
    }
    return problems
  }

  /** The certificates that clients would refuse by their dates, unless those in force are no better. */
  #outdated({ certificates }: TlsMaterial): ConfigProblem[] {
    const now = systemClock.wall()
    const present = new Map(this.#present.tls.certificates.map(({ path, cert }) => [path, cert]))
    return certificates.flatMap(({ path, cert }) => {
      const message = dateProblem(cert, now)
      const before = present.get(path)
      if (message === undefined || (before !== undefined && dateProblem(before, now))) return []
      return [{ place: 'configuration', path, message }]
    })
  }

  /** Rejects with a TopspinError when an address cannot be opened; then nothing changes. */
  async #put(
    config: Config,
    tls: TlsMaterial,
    issued: readonly ServerCertificate[] = this.#present.issued,
  ): Promise<void> {
    const { socketFiles, inherited } = this.#parts
    const { log, cluster, plane, nodeTls, checks, health, control, advertising } = this.#parts
    const before = this.#present
    const secret = controlSecret(config.control)
    const places = listenPlaces(config, inherited)
    const { challenges } = before
    const settings = planeSettings({ config, tls, issued, challenges, places }, this.#parts)
    let traffic: readonly Endpoint[]
    try {
      await health.use(config.health.listen)
      await control.replace(controlOptions(this.#parts, { config, tls, issued, secret, places }))
      traffic = await plane.open(settings)
    } catch (error) {
      await control.replace(controlOptions(this.#parts, before))
      await health.use(before.config.health.listen)
      throw error
    }
    this.#present = { config, tls, issued, challenges, secret, places, traffic }
    noteFiles(socketFiles, [...places.traffic, ...controlPlaces(places)])
    this.#parts.programLog.log.level = config.log.level
    nodeTls.current = new NodeTls(tls.nodes)
    checks.current = config.health.checks
    await cluster.followSources(config, plane)
    const changes = cluster.setFixedNodes(config)
    await plane.reload(settings, changes)
    await cluster.reload(config, changes)
    advertising.use(config, control.address)
    this.#acme.use(config.acme)
    warnOfRisks(this.#present, control.address, log)
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#acme.close()
    const { log, plane, control, advertising, health } = this.#parts
    advertising.drain()
    control.drain()
    health.become('draining')
    plane.announceEnd()
    const { delay } = this.#present.config.drain
    if (delay > 0) {
      log.info({ delayMs: delay }, 'not ready; connections are accepted during the drain delay')
      await pause(delay, this.#closing.signal)
    }
    if (this.#closing.signal.aborted) return
    await plane.drain(deadlineMs)
    await this.#closeControl()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#acme.close()
    await this.#parts.plane.close()
    await this.#closeControl()
  }

  async #closeControl(): Promise<void> {
    const { cluster, control, advertising, health, socketFiles } = this.#parts
    cluster.close()
    await advertising.close()
    await control.close()
    socketFiles.removeAll()
    await cluster.state?.close()
    await health.close()
  }
}

function urlOf({ tls, ...address }: Endpoint): string {
  const path = isUnixAddress(address.host) ? '' : '/'
  return `${tls === true ? 'https' : 'http'}://${hostPortText(address)}${path}`
}
