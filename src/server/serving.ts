// Starts the services of `topspin serve` around one registry: traffic, control listener and advertisements. Reloads,
// drains and closes them.

import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { tlsLimits, upgradeLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { isUnixAddress, socketPathOf } from '../base/unix-address.ts'
import { pause } from '../base/wait.ts'
import { effectiveValues } from '../config/effective.ts'
import { changedKeys, withValuesOf } from '../config/keys.ts'
import type { Origins } from '../config/origins.ts'
import { type ConfigProblem, formatProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { challengesOf } from '../config/schema-acme.ts'
import { controlSecret, controlTokens } from '../config/secret.ts'
import { readTls, type TlsMaterial, tlsNotes } from '../config/tls-files.ts'
import { cascadesIn } from '../config/traffic-settings.ts'
import { ConsolePages } from '../console/console-pages.ts'
import type { CertificateReport } from '../control/certificate-report.ts'
import { EventRing, type ProxyEvent } from '../control/events/event-ring.ts'
import { recordingLog } from '../control/events/recording-log.ts'
import type { ConfigurationValue, Inspection } from '../control/inspection.ts'
import type { Operations } from '../control/operations.ts'
import { startControl } from '../control/start-control.ts'
import { isLoopback } from '../net/address.ts'
import { dateProblem } from '../net/certificate-check.ts'
import { handshakeProblem } from '../net/handshake-check.ts'
import { NodeTls } from '../net/node-tls.ts'
import { SocketFiles } from '../net/socket-file.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import { isOpenHandle, type ListenHandle } from '../node-internals/listen-handle.ts'
import { type AccessLog, listenKeys, loadPolicies, newPseudonym } from '../proxy/index.ts'
import { Acme, type AcmeSettings, storedCertificates } from './acme/acme.ts'
import type { Answers } from './acme/challenges.ts'
import { Advertising } from './advertising.ts'
import { CertificateExpiry } from './certificate-expiry.ts'
import { fileReports, orderedReport } from './certificate-reports.ts'
import type { DataPlane } from './data-plane.ts'
import { enginesOf } from './engines/engines-of.ts'
import { HealthService } from './health-service.ts'
import { inProcess } from './in-process.ts'
import {
  type InheritedSocket,
  type ListenPlace,
  type ListenPlaces,
  listenPlaces,
  predecessorsSocket,
} from './inherited-sockets.ts'
import { listenerReports } from './inspect.ts'
import type { ProgramLog } from './logger.ts'
import { ServedCluster } from './served-cluster.ts'
import {
  controlOptions,
  type Parts,
  type Present,
  planeSettings,
  workersOf,
} from './service-options.ts'
import { sharedCluster } from './shared/shared-cluster.ts'
import { type HandOverResult, handOver } from './upgrade/hand-over.ts'
import type { StateMessage } from './upgrade/messages.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import type { Launch, Successor } from './upgrade/successor.ts'
import { stampsOf, WatchedFiles } from './watched-files.ts'
import { WorkerPool } from './workers/worker-pool.ts'
import { tryFile } from './write-target.ts'

/** The addresses of the listeners, as URLs. */
export interface Listening {
  readonly traffic: readonly string[]
  /** Absent without a control listener. */
  readonly control?: string
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
  /** Absent for worker processes. */
  readonly requests: DataPlane['requests']
  readonly explain: DataPlane['explain']
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
  /** Time for requests in flight after SIGTERM, ms. */
  readonly drainMs: number
  /** Time for requests in flight after another process has taken over, ms. */
  readonly replacedMs: number
  /**
   * Puts the configuration in force except for the keys that need a restart, or changes nothing and returns the problems.
   */
  reload(config: Config, tls: TlsMaterial, origins?: Origins): Promise<ReloadResult>
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
  /** Whether there is a control listener. Default true. */
  readonly hasControl?: boolean
  /** Called for the lines of the log from level info on. */
  readonly onEvent?: (event: ProxyEvent) => void
  /** Called at the end of each request, without worker processes. */
  readonly onRequest?: AccessLog | undefined
  /** Of the configuration. Default: everything is a default. */
  readonly origins?: Origins
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
  const inherited = more.inherited ?? []
  const kept = at && predecessorsSocket(at, 'health', inherited)
  // Its predecessor is ready, and so are the two together.
  if (more.predecessor !== undefined) health.become('ready')
  await health.use(at, kept?.handle)
  try {
    const others = inherited.filter((socket) => socket !== kept)
    return await startServices(config, tls, programLog, health, { ...more, inherited: others })
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
  {
    origins = new Map(),
    operations,
    inherited = [],
    predecessor,
    hasControl = true,
    onEvent,
    onRequest,
  }: StartMore,
): Promise<Serving> {
  const events = new EventRing(() => systemClock.wall())
  if (onEvent !== undefined) events.follow(onEvent)
  const log = recordingLog(programLog.log, events)
  await loadPolicies(cascadesIn(config))
  const places = listenPlaces(config, inherited)
  warnOfUnused(places, log)
  const secret = controlSecret(config.control)
  const tokens = controlTokens(config.control)
  const handed = predecessor?.state
  const cluster = new ServedCluster(config, workersOf(config) === 0, log, handed?.runId)
  const ticketKeys = { current: handed?.ticketKeys ?? newTicketKeys() }
  const pseudonym = handed?.pseudonym ?? newPseudonym()
  const issued = storedCertificates(config.acme)
  const first = { config, origins, restartKeys: [], tls, issued, places }
  const settings = planeSettings(first, { ticketKeys, pseudonym })
  const options = {
    ...settings,
    inherited: handleFinder(inherited),
    lines: programLog.lines,
    log,
    snapshot: () => cluster.registry.snapshot,
    live: cluster.live,
    onRequest,
  }
  const plane = settings.workers === 0 ? await inProcess(options) : new WorkerPool(options)
  plane.prepare()
  const shared = await closedOnFailure(
    plane,
    sharedCluster({ config, cluster, plane, log, isReady: predecessor !== undefined }),
  )
  cluster.shared = shared
  const useAlias = { current: (): boolean => config.useAlias }
  const engines = await enginesOf({
    config,
    cluster,
    log,
    useAlias: () => useAlias.current(),
    isReplacing: predecessor !== undefined,
  })
  cluster.engines = engines
  const nodeTls = { current: new NodeTls(tls.nodes) }
  const advertising = new Advertising(log)
  const socketFiles = new SocketFiles()
  const held = { inherited, socketFiles }
  const base = {
    log,
    hasControl,
    programLog,
    cluster,
    ticketKeys,
    pseudonym,
    plane,
    nodeTls,
    advertising,
    certificates: { current: (): readonly CertificateReport[] => [] },
    inspection: { current: undefined as Inspection | undefined },
    ...held,
  }
  const known =
    predecessor === undefined
      ? findNodes(cluster, config, plane)
      : followPredecessor(predecessor, cluster, config, plane)
  await closedOnFailure(plane, known)
  const traffic = await listening(plane, cluster)
  const present: Present = { ...first, secret, tokens, traffic }
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
    certificates: () => base.certificates.current(),
    inspection: {
      listeners: () => base.inspection.current?.listeners() ?? [],
      configuration: () => base.inspection.current?.configuration() ?? [],
    },
    operations,
    consolePages: new ConsolePages(),
    sharing: shared,
    engines: () => engines?.reports() ?? [],
    sources: () => cluster.sourceReports(),
    isReady: () => shared?.isReady !== false,
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
  if (hasControl) warnOfRisks(present, control.address, log)
  const services = new RunningServices({ ...base, checks, health, control }, present)
  useAlias.current = () => services.useAlias
  const yours = await predecessor?.process.prepared()
  if (predecessor !== undefined) {
    if (yours === undefined) return services.abandoned()
    await cluster.takeOver(yours.facts, config, plane)
    cluster.follower = predecessor.process
    removeUnused(places, socketFiles)
    noteFiles(socketFiles, [...places.traffic, ...controlPlaces(places)])
  }
  // No answer to a client or a node rests on this first write.
  void cluster.state?.start()
  if (hasControl) {
    shared?.start(control.address)
    advertising.use(config, control.address, yours?.advertiser)
  }
  begin()
  void engines?.start()
  if (shared === undefined) health.become('ready')
  else void shared.becomesReady().then(() => services.becomeReady())
  return services
}

const newTicketKeys = (): string => randomBytes(tlsLimits.ticketKeyBytes).toString('base64')

async function closedOnFailure<T>(plane: DataPlane, step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (error) {
    await plane.close()
    throw error
  }
}

/** Those of the state file and of the configuration. */
async function findNodes(cluster: ServedCluster, config: Config, plane: DataPlane): Promise<void> {
  await cluster.restore(plane)
  await cluster.followSources(config, plane)
  await plane.apply(cluster.setFixedNodes(config))
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
    if (from === undefined) continue
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
  readonly #watched: WatchedFiles
  readonly #expiry: CertificateExpiry
  readonly #expiryTimer: NodeJS.Timeout
  readonly #ticketTimer: NodeJS.Timeout
  /** Of `#present.tls`, made when they are asked for. */
  #fileReports:
    | { readonly tls: TlsMaterial; readonly list: readonly CertificateReport[] }
    | undefined
  /** The last of the changes, which follow one another. */
  #turn: Promise<unknown> = Promise.resolve()
  #isDraining = false
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
      aliases: () => parts.cluster.aliases(),
      useChallenges: (answers) => this.#useAnswers(answers),
    })
    this.#acme.use(acmeSettings(present.config))
    parts.cluster.onChanges = (changes) => {
      if (changes.some(({ kind }) => kind === 'contexts')) this.#acme.aliasesChanged()
    }
    parts.certificates.current = () => this.#certificates()
    parts.inspection.current = {
      listeners: () => listenerReports(this.#present, parts),
      configuration: () => this.#configuration(),
    }
    this.#expiry = new CertificateExpiry(parts.log, parts.certificates.current, systemClock.wall)
    this.#expiry.look()
    this.#expiryTimer = setInterval(() => this.#expiry.look(), tlsLimits.expiryLookMs)
    this.#expiryTimer.unref()
    this.#ticketTimer = setInterval(() => void this.#renewTickets(), tlsLimits.ticketKeyMs)
    this.#ticketTimer.unref()
    this.#watched = new WatchedFiles((files) => this.#renewWatched(files))
    this.#watched.use(present.tls.files, present.config.tls.watch)
  }

  #certificates(): readonly CertificateReport[] {
    const { tls } = this.#present
    if (this.#fileReports?.tls !== tls) this.#fileReports = { tls, list: fileReports(tls) }
    return [...this.#fileReports.list, ...this.#acme.orders().map(orderedReport)]
  }

  #configuration(): readonly ConfigurationValue[] {
    const { config, origins, restartKeys } = this.#present
    return effectiveValues(config, origins).map((value) => ({
      ...value,
      restart: restartKeys.includes(value.key),
    }))
  }

  /** No longer in charge of certificates. */
  #leaveCertificates(): void {
    this.#acme.close()
    this.#watched.close()
    clearInterval(this.#expiryTimer)
    clearInterval(this.#ticketTimer)
  }

  /** Sessions from before are not resumed: a key that is found out later shows what was said while it was used. */
  #renewTickets(): Promise<void> {
    const { ticketKeys, plane } = this.#parts
    return this.#inTurn(async () => {
      ticketKeys.current = newTicketKeys()
      await plane.reload(planeSettings(this.#present, this.#parts), [])
    })
  }

  get listening(): Listening {
    const { control, health } = this.#parts
    const { console } = control
    return {
      traffic: this.#present.traffic.map(urlOf),
      ...(control.isListening ? { control: urlOf(control.address) } : {}),
      ...(console === undefined ? {} : { console: urlOf(console) }),
      ...(health.address === undefined ? {} : { health: urlOf(health.address) }),
    }
  }

  get useAlias(): boolean {
    return this.#present.config.useAlias
  }

  get requests(): DataPlane['requests'] {
    return this.#parts.plane.requests
  }

  readonly explain: DataPlane['explain'] = (question) => this.#parts.plane.explain(question)

  metrics(): Promise<string> {
    return this.#parts.control.metrics()
  }

  get drainMs(): number {
    return this.#present.config.timeouts.drain
  }

  get replacedMs(): number {
    return this.#present.config.timeouts.replaced
  }

  reload(wanted: Config, tls: TlsMaterial, origins: Origins = new Map()): Promise<ReloadResult> {
    return this.#inTurn(() => this.#reload(wanted, tls, origins))
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

  #useAnswers(answers: Answers): Promise<void> {
    return this.#inTurn(async () => {
      this.#present = { ...this.#present, answers }
      await this.#parts.plane.reload(planeSettings(this.#present, this.#parts), [])
    })
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(change)
    this.#turn = result.catch(() => {})
    return result
  }

  async #reload(wanted: Config, tls: TlsMaterial, origins: Origins): Promise<ReloadResult> {
    const { config, origins: before } = this.#present
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
    const isKept = (key: string): boolean => restartKeys.includes(key)
    const old = [...before].filter(([key]) => isKept(key))
    const fresh = [...origins].filter(([key]) => !isKept(key))
    this.#present = { ...this.#present, origins: new Map([...old, ...fresh]), restartKeys }
    return { ok: true, changed, restartKeys }
  }

  async #renewTls(): Promise<readonly ConfigProblem[]> {
    const { config } = this.#present
    const tls = await readTls(config)
    const problems = tls.ok ? this.#outdated(tls.material) : tls.problems
    if (tls.ok && problems.length === 0) await this.#put(config, tls.material)
    return problems
  }

  /** Files have changed, and stayed as they are. */
  #renewWatched(files: readonly string[]): Promise<void> {
    const { log } = this.#parts
    return this.#inTurn(async () => {
      const { config } = this.#present
      const tls = await readTls(config)
      const problems = tls.ok ? this.#outdated(tls.material) : tls.problems
      if (!tls.ok || problems.length > 0) {
        const texts = problems.map(formatProblem)
        for (const [kind, names] of this.#kindsOf(files))
          log.error({ files: names, problems: texts }, `${kind} not read again`)
        return
      }
      const { material } = tls
      // What has changed while it was read is read once more.
      const now = await stampsOf([...material.files.keys()])
      if (!isDeepStrictEqual(now, material.files)) return this.#watched.again()
      await this.#put(config, material)
      for (const [kind, names] of this.#kindsOf(files))
        log.info({ files: names }, `${kind} read again`)
    }).catch((error: Error) =>
      log.error({ files, problems: [error.message] }, 'files not read again'),
    )
  }

  /** What the files are for, in the words of the log. */
  #kindsOf(
    files: readonly string[],
  ): readonly (readonly [kind: string, files: readonly string[]])[] {
    const { ruleFiles } = this.#present.tls
    const isOfRule = (file: string): boolean => Object.hasOwn(ruleFiles, file)
    return [
      ['certificates', files.filter((file) => !isOfRule(file))] as const,
      ['files of rules', files.filter(isOfRule)] as const,
    ].filter(([, names]) => names.length > 0)
  }

  readonly reopenLogs = (): void => this.#parts.plane.reopenLogs()

  /** The changed keys that need a restart: the shared registry, other proxies, and whether this process serves traffic. */
  #restartKeys(next: Config): readonly string[] {
    const { config } = this.#present
    const isInProcess = (it: Config): boolean => workersOf(it) === 0
    const keys = isInProcess(next) === isInProcess(config) ? [] : ['workers', 'control.traffic']
    return changedKeys(config, next).filter(
      (key) => keys.includes(key) || /^(?:cluster|haproxy|xds)\./.test(key),
    )
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
    if (await cluster.wouldBeEmpty(next.to))
      refuse('to', 'leaves no node that serves requests: restart to do that')
    if (this.#present.config.listen.length > 0 && next.listen.length === 0)
      refuse('listen', 'closes all addresses for clients: restart to do that')
    await loadPolicies(cascadesIn(next)).catch(failed(''))
    if (next.accessLog.to !== this.#present.config.accessLog.to)
      await tryFile(next.accessLog.to).catch(failed('accessLog.to'))
    try {
      controlSecret(next.control)
      controlTokens(next.control)
    } catch (error) {
      refuse('control', (error as Error).message)
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
    const { hasControl } = this.#parts
    const before = this.#present
    const secret = controlSecret(config.control)
    const tokens = controlTokens(config.control)
    const open = inherited.filter(({ handle }) => isOpenHandle(handle))
    const places = listenPlaces(config, open)
    const { answers } = before
    const settings = planeSettings({ config, tls, issued, answers, places }, this.#parts)
    let traffic: readonly Endpoint[]
    try {
      await health.use(config.health.listen)
      await control.replace(controlOptions(this.#parts, { config, tls, secret, tokens, places }))
      traffic = await plane.open(settings)
    } catch (error) {
      await control.replace(controlOptions(this.#parts, before))
      await health.use(before.config.health.listen)
      throw error
    }
    this.#present = { ...before, config, tls, issued, secret, tokens, places, traffic }
    noteFiles(socketFiles, [...places.traffic, ...controlPlaces(places)])
    this.#parts.programLog.log.level = config.log.level
    nodeTls.current = new NodeTls(tls.nodes)
    checks.current = config.health.checks
    await cluster.followSources(config, plane)
    const changes = cluster.setFixedNodes(config)
    await plane.reload(settings, changes)
    await cluster.reload(config, changes)
    if (hasControl) advertising.use(config, control.address)
    this.#acme.use(acmeSettings(config))
    this.#watched.use(tls.files, config.tls.watch)
    this.#expiry.look()
    if (hasControl) warnOfRisks(this.#present, control.address, log)
  }

  becomeReady(): void {
    if (!this.#isDraining) this.#parts.health.become('ready')
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#isDraining = true
    this.#leaveCertificates()
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
    // The successor gives them the cluster now, and needs the port for Envoys.
    void cluster.engines?.close()
    this.#leaveCertificates()
    health.stopAccepting()
    const controlClosed = control.close()
    const hurried = new AbortController()
    successor.follow((message) => {
      if (message.kind === 'changes') void cluster.follow(message.changes, plane)
      else if (message.kind === 'facts') cluster.learn(message.facts, plane)
      else if (message.kind === 'end') hurried.abort()
    })
    const tries = setInterval(() => cluster.tryAgain(plane), upgradeLimits.tryAgainMs)
    const drained = plane.drain(replaced, true)
    const hurry = AbortSignal.any([signal, hurried.signal])
    const cut = whenAborted(hurry)
      .then(() => pause(drain, this.#closing.signal))
      .then(() => plane.close())
    await Promise.race([drained, cut])
    clearInterval(tries)
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
    this.#leaveCertificates()
    await this.#parts.plane.close()
    await this.#closeControl()
  }

  async #closeControl(): Promise<void> {
    const { cluster, control, advertising, health, socketFiles } = this.#parts
    cluster.close()
    await cluster.shared?.stop()
    await advertising.close()
    await control.close()
    socketFiles.removeAll()
    await cluster.state?.close()
    await health.close()
  }
}

const acmeSettings = ({ acme, listen }: Config): AcmeSettings => ({
  ...acme,
  challenges: challengesOf(acme, listen),
})

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
