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
import { isOpenHandle, type ListenHandle } from '../node-internals/listen-handle.ts'
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
  predecessorsSocket,
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
import { type HandOverResult, handOver } from './upgrade/hand-over.ts'
import type { StateMessage } from './upgrade/messages.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import type { Launch, Successor } from './upgrade/successor.ts'
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
  /** Time for requests in flight after another process has taken over, ms. */
  readonly replacedMs: number
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
  /**
   * Starts the program anew and hands everything over to it, or goes on as before. After it has succeeded, `leave` is to
   * be called. @param signal aborts it while that is possible.
   */
  handOver(launch: Launch, signal: AbortSignal): Promise<HandOverResult>
  /**
   * Another process serves: lets what clients have begun here end within `timeouts.replaced`, or within `timeouts.drain`
   * from a signal on, and closes.
   */
  leave(successor: Successor, signal: AbortSignal): Promise<void>
  /** Closes at once. */
  close(): Promise<void>
}

export interface StartMore {
  /** What operators can do by POST on the control listener. */
  readonly operations?: Operations | undefined
  /** Sockets that another process has opened. */
  readonly inherited?: readonly InheritedSocket[]
  /** The process whose place this one takes, with the state of its cluster. */
  readonly predecessor?: { readonly process: Predecessor; readonly state: StateMessage } | undefined
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
  const at = config.health.listen
  const kept = at && predecessorsSocket(at, 'health', more.inherited ?? [])
  // Its predecessor is ready, and so are the two together.
  if (more.predecessor !== undefined) health.become('ready')
  await health.use(at, kept?.handle)
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
  { operations, inherited = [], predecessor }: StartMore,
): Promise<Serving> {
  const events = new EventRing(() => systemClock.wall())
  const log = recordingLog(programLog.log, events)
  await loadPolicies(cascadesIn(config))
  const places = listenPlaces(config, inherited)
  warnOfUnused(places, log)
  const secret = controlSecret(config.control)
  const handed = predecessor?.state
  const cluster = new ServedCluster(config, log, handed?.runId)
  const ticketKeys = handed?.ticketKeys ?? randomBytes(48).toString('base64')
  const pseudonym = handed?.pseudonym ?? newPseudonym()
  const issued = storedCertificates(config.acme)
  const first = { config, tls, issued, places }
  const settings = planeSettings(first, { ticketKeys, pseudonym })
  const options = {
    ...settings,
    inherited: handleFinder(inherited),
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
  if (predecessor === undefined) {
    await cluster.restore(plane)
    await cluster.followSources(config, plane)
    await plane.apply(cluster.setFixedNodes(config))
  } else await followPredecessor(predecessor, cluster, config, plane)
  const traffic = await listening(plane, cluster)
  const present: Present = { ...first, secret, traffic }
  const isOpenedHere = ({ inherited: socket }: ListenPlace): boolean => socket === undefined
  noteFiles(socketFiles, places.traffic.filter(isOpenedHere))
  const checks = { current: config.health.checks }
  let begin = (): void => {}
  const begins = new Promise<void>((resolve) => {
    begin = resolve
  })
  const control = await startControl({
    ...controlOptions({ ...base, checks }, present),
    registry: cluster.registry,
    live: cluster.live,
    state: () => cluster.state?.report(),
    operations,
    begins,
    log,
    events,
  }).catch(async (error: unknown) => {
    cluster.close()
    // Clients have been accepted beside the predecessor.
    await (predecessor === undefined ? plane.close() : plane.drain(config.timeouts.drain, true))
    socketFiles.removeAll()
    throw error
  })
  noteFiles(socketFiles, controlPlaces(places).filter(isOpenedHere))
  warnOfRisks(present, control.address, log)
  const services = new RunningServices({ ...base, checks, health, control }, present)
  const yours = await predecessor?.process.prepared()
  if (predecessor !== undefined) {
    if (yours === undefined) return services.abandoned()
    await cluster.takeOver(yours.facts, config, plane)
    cluster.follower = predecessor.process
    removeUnused(places, socketFiles)
    noteFiles(socketFiles, [...places.traffic, ...controlPlaces(places)])
  }
  await cluster.state?.start()
  advertising.use(config, control.address, yours?.advertiser)
  begin()
  health.become('ready')
  return services
}

/** Until it hands over its registry, the nodes are those that it knows. */
async function followPredecessor(
  { process, state }: NonNullable<StartMore['predecessor']>,
  cluster: ServedCluster,
  config: Config,
  plane: DataPlane,
): Promise<void> {
  await cluster.follow(state.changes, plane)
  cluster.learn(state.facts, plane)
  process.onChanges = (changes) => void cluster.follow(changes, plane)
  await cluster.readSources(config)
}

/** Of the predecessor's sockets at addresses that the configuration names no more. */
function removeUnused({ unused }: ListenPlaces, files: SocketFiles): void {
  for (const { from, address, handle } of unused) {
    if (from === undefined || from.use === 'health') continue
    handle.close()
    const path = socketPathOf(address.host)
    if (path === undefined) continue
    files.add(path)
    files.remove(path)
  }
}

function warnOfUnused({ unused }: ListenPlaces, log: Logger): void {
  for (const { name, fd, address, from } of unused)
    if (from === undefined)
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

/** By the name of its address; a reload may have closed it. */
function handleFinder(
  inherited: readonly InheritedSocket[],
): (key: string) => ListenHandle | undefined {
  const traffic = inherited.filter(({ from }) => from === undefined || from.use === 'traffic')
  const keys = listenKeys(traffic.map(({ address }) => address))
  const handles = new Map(traffic.map(({ handle }, index) => [keys[index] ?? '', handle]))
  return (key) => {
    const handle = handles.get(key)
    return handle !== undefined && isOpenHandle(handle) ? handle : undefined
  }
}

const controlPlaces = ({ control, console }: ListenPlaces): readonly ListenPlace[] =>
  console === undefined ? [control] : [control, console]

/** Of the sockets that this proxy has opened, now or before an upgrade. */
function noteFiles(files: SocketFiles, places: readonly ListenPlace[]): void {
  for (const { entry, isPassed } of places) {
    const path = socketPathOf(entry.host)
    if (path !== undefined && !isPassed) files.add(path)
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

  get replacedMs(): number {
    return this.#present.config.timeouts.replaced
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
    const open = inherited.filter(({ handle }) => isOpenHandle(handle))
    const places = listenPlaces(config, open)
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
    await plane.drain(deadlineMs, false)
    await this.#closeControl()
  }

  handOver(launch: Launch, signal: AbortSignal): Promise<HandOverResult> {
    return handOver(this.#parts, this.#present, launch, signal)
  }

  async leave(successor: Successor, signal: AbortSignal): Promise<void> {
    const { cluster, plane, control, health, socketFiles } = this.#parts
    const { replaced, drain } = this.#present.config.timeouts
    socketFiles.leaveAll()
    cluster.state = undefined
    this.#acme.close()
    health.stopAccepting()
    const controlClosed = control.close()
    const hurried = new AbortController()
    successor.onMessage = (message) => {
      if (message.kind === 'changes') void cluster.follow(message.changes, plane)
      else if (message.kind === 'facts') cluster.learn(message.facts, plane)
      else if (message.kind === 'end') hurried.abort()
    }
    const drained = plane.drain(replaced, true)
    const hurry = AbortSignal.any([signal, hurried.signal])
    const cut = whenAborted(hurry)
      .then(() => pause(drain, this.#closing.signal))
      .then(() => plane.close())
    await Promise.race([drained, cut])
    this.#closing.abort()
    await controlClosed
    await this.#closeControl()
  }

  /** This process does not take over: it ends with the requests that it has accepted. */
  async abandoned(): Promise<never> {
    const { plane, socketFiles } = this.#parts
    await plane.drain(this.drainMs, true)
    socketFiles.removeAll()
    process.exit(1)
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

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function urlOf({ tls, ...address }: Endpoint): string {
  const path = isUnixAddress(address.host) ? '' : '/'
  return `${tls === true ? 'https' : 'http'}://${hostPortText(address)}${path}`
}
