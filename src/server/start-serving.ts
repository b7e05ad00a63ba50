// Starts the services of `topspin serve` around one registry, in an order in which nobody is refused:
//
//   1 the registry, the traffic that is to follow it, and those that share it
//   2 the nodes become known
//   3 clients are accepted
//   4 the control listener opens; it answers from step 6 on
//   5 a predecessor hands over its registry
//   6 everything begins

import { systemClock } from '../base/clock.ts'
import type { Endpoint } from '../base/host-port.ts'
import { packageVersion } from '../base/package-version.ts'
import type { Origins } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import { controlSecret, controlTokens } from '../config/secret.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import { cascadesIn } from '../config/traffic-settings.ts'
import { ConsolePages } from '../console/console-pages.ts'
import { EventRing, type ProxyEvent } from '../control/events/event-ring.ts'
import { recordingLog } from '../control/events/recording-log.ts'
import type { Operations } from '../control/operations.ts'
import { startControl } from '../control/start-control.ts'
import { NodeTls } from '../net/node-tls.ts'
import { SocketFiles } from '../net/socket-file.ts'
import { type AccessLog, loadPolicies, newPseudonym } from '../proxy/index.ts'
import { storedCertificates } from './acme/acme.ts'
import { Advertising } from './advertising.ts'
import type { DataPlane } from './data-plane.ts'
import { enginesOf } from './engines/engines-of.ts'
import { HealthService } from './health-service.ts'
import { inProcess } from './in-process.ts'
import {
  type InheritedSocket,
  type ListenPlace,
  listenPlaces,
  predecessorsSocket,
} from './inherited-sockets.ts'
import type { ProgramLog } from './logger.ts'
import { allPlaces, handleFinder, noteFiles, removeUnused } from './opened-sockets.ts'
import { newTicketKeys, RunningServices } from './running-services.ts'
import { ServedCluster } from './served-cluster.ts'
import { controlOptions, type Present, planeSettings, workersOf } from './service-options.ts'
import type { Serving } from './serving.ts'
import { sharedCluster } from './shared/shared-cluster.ts'
import { warnOfRisks, warnOfUnused } from './start-warnings.ts'
import type { StateMessage } from './upgrade/messages.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import { WorkerPool } from './workers/worker-pool.ts'

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
  const health = new HealthService(programLog.log)
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
  // 1
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
  let services: RunningServices | undefined
  const engines = await enginesOf({
    config,
    tls,
    cluster,
    log,
    useAlias: () => services?.useAlias ?? config.useAlias,
    isReplacing: predecessor !== undefined,
  })
  cluster.engines = engines
  const socketFiles = new SocketFiles()
  const base = {
    log,
    hasControl,
    programLog,
    cluster,
    ticketKeys,
    pseudonym,
    plane,
    nodeTls: { current: new NodeTls(tls.nodes) },
    advertising: new Advertising(log),
    inherited,
    socketFiles,
    checks: { current: config.health.checks },
    health,
  }
  // 2
  const known =
    predecessor === undefined
      ? findNodes(cluster, config, plane)
      : followPredecessor(predecessor, cluster, config, plane)
  await closedOnFailure(plane, known)
  // 3
  const traffic = await listening(plane, cluster)
  const present: Present = { ...first, secret, tokens, traffic }
  const isOpenedHere = ({ inherited: socket }: ListenPlace): boolean => socket === undefined
  noteFiles(socketFiles, places.traffic.filter(isOpenedHere))
  // 4
  let begin = (): void => {}
  const begins = new Promise<void>((resolve) => {
    begin = resolve
  })
  const control = await startControl({
    ...controlOptions(base, present),
    registry: cluster.registry,
    live: cluster.live,
    counts: health.counts,
    state: () => cluster.state?.report(),
    certificates: () => services?.certificates() ?? [],
    inspection: {
      listeners: () => services?.listeners() ?? [],
      configuration: () => services?.configuration() ?? [],
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
  noteFiles(socketFiles, allPlaces(places).filter(isOpenedHere))
  if (hasControl) warnOfRisks(present, control.address, log)
  const running = new RunningServices({ ...base, control }, present)
  services = running
  // 5
  const yours = await predecessor?.process.prepared()
  if (predecessor !== undefined) {
    if (yours === undefined) return running.abandoned()
    await cluster.takeOver(yours.facts, config, plane)
    cluster.follower = predecessor.process
    removeUnused(places, socketFiles)
    noteFiles(socketFiles, allPlaces(places))
    log.info({ before: process.ppid, version: packageVersion() }, 'upgraded: this process serves')
  }
  // 6. No answer to a client or a node rests on the first write of the state file.
  void cluster.state?.start()
  if (hasControl) {
    shared?.start(control.address)
    base.advertising.use(config, control.address, yours?.advertiser)
  }
  begin()
  void engines?.start()
  if (shared === undefined) health.become('ready')
  else void shared.becomesReady().then(() => running.becomeReady())
  return running
}

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

async function listening(plane: DataPlane, cluster: ServedCluster): Promise<readonly Endpoint[]> {
  try {
    return await plane.listen()
  } catch (error) {
    cluster.close()
    throw error
  }
}
