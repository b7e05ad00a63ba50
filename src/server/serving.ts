// Starts the services of `topspin serve` around one registry: traffic, control listener and advertisements. Reloads,
// drains and closes them.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { systemClock } from '../base/clock.ts'
import { type Endpoint, type HostPort, hostPortText } from '../base/host-port.ts'
import { isUnixAddress, socketPathOf } from '../base/unix-address.ts'
import { pause } from '../base/wait.ts'
import { proxyVersionOf } from '../cluster/send-proxy.ts'
import { restartKeys } from '../config/keys.ts'
import type { ConfigProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { controlSecret } from '../config/secret.ts'
import { readTls, type TlsMaterial } from '../config/tls-files.ts'
import { cascadeRules, cascadesIn, trafficSettings } from '../config/traffic-settings.ts'
import type { Advertiser } from '../control/advertiser.ts'
import { HealthListener } from '../control/health-listener.ts'
import { type Control, startControl } from '../control/start-control.ts'
import { grantedProcessors } from '../host/processors.ts'
import { isLoopback } from '../net/address.ts'
import { dateProblem } from '../net/certificate-dates.ts'
import { NodeTls } from '../net/node-tls.ts'
import { probeWith } from '../net/probe.ts'
import { SocketFiles } from '../net/socket-file.ts'
import { loadPolicies } from '../proxy/index.ts'
import { localHeader } from '../wire/proxy-protocol/write.ts'
import { startAdvertising } from './advertising.ts'
import type { DataPlane } from './data-plane.ts'
import { inProcess } from './in-process.ts'
import {
  type InheritedSocket,
  type ListenPlace,
  type ListenPlaces,
  listenPlaces,
} from './inherited-sockets.ts'
import type { ProgramLog } from './logger.ts'
import { ServedCluster } from './served-cluster.ts'
import { WorkerPool } from './workers/worker-pool.ts'

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
  /** The other keys that differ from the start. */
  | { readonly ok: true; readonly restartKeys: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export interface Serving {
  readonly listening: Listening
  /** Puts in force what can change without a restart, or changes nothing and returns the problems. */
  reload(config: Config, tls: TlsMaterial): Promise<ReloadResult>
  /** Reads the certificates again that the configuration in force names; with a problem nothing changes. */
  renewTls(): Promise<readonly ConfigProblem[]>
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

/**
 * Rejects when an address or the access log cannot be opened, or a module of candidacy functions cannot be loaded;
 * then nothing runs.
 * @param inherited listening sockets that another process has opened for this one.
 */
export async function startServing(
  config: Config,
  tls: TlsMaterial,
  programLog: ProgramLog,
  inherited: readonly InheritedSocket[] = [],
): Promise<Serving> {
  const { listen } = config.health
  if (listen === undefined) return startServices(config, tls, programLog, inherited)
  const listener = new HealthListener()
  const health = { listener, address: await listener.open(listen) }
  try {
    return await startServices(config, tls, programLog, inherited, health)
  } catch (error) {
    await listener.close()
    throw error
  }
}

async function startServices(
  config: Config,
  tls: TlsMaterial,
  programLog: ProgramLog,
  inherited: readonly InheritedSocket[],
  health?: Health,
): Promise<Serving> {
  const { log } = programLog
  await loadPolicies(cascadesIn(config))
  const places = listenPlaces(config, inherited)
  warnOfUnused(places, log)
  const secret = controlSecret(config.control)
  const cluster = new ServedCluster(config, log)
  const ticketKeys = randomBytes(48).toString('base64')
  const plane = await makePlane(
    config,
    withTicketKeys(tls, ticketKeys),
    cluster,
    programLog,
    places,
  )
  const nodeTls = { current: new NodeTls(tls.nodes) }
  const checks = { current: config.health.checks }
  const socketFiles = new SocketFiles()
  const parts = { config, log, cluster, ticketKeys, plane, nodeTls, checks, health, socketFiles }
  await cluster.restore(plane)
  await cluster.setFixedNodes(config, plane)
  const traffic = await plane.listen().catch((error: unknown) => {
    cluster.close()
    throw error
  })
  noteFiles(socketFiles, places.traffic)
  const control = await listenForNodes(parts, tls, secret, places).catch(async (error: unknown) => {
    cluster.close()
    await plane.close()
    socketFiles.removeAll()
    throw error
  })
  noteFiles(socketFiles, [
    places.control,
    ...(places.console === undefined ? [] : [places.console]),
  ])
  warnOfRisks(config, tls, secret, control.address, log)
  await cluster.state?.start()
  const protocol = tls.control === undefined ? 'http' : 'https'
  const advertiser = startAdvertising(config, control.address, protocol, log)
  health?.listener.become('ready')
  return new RunningServices({ ...parts, traffic, control, advertiser }, tls)
}

/** The listener for health checks alone. */
interface Health {
  readonly listener: HealthListener
  readonly address: HostPort
}

/** The services that run from the start to the end. */
interface Parts {
  /** As at the start. */
  readonly config: Config
  readonly log: Logger
  readonly cluster: ServedCluster
  /** For session tickets: all processes have the same keys, so that each resumes the sessions of the others. */
  readonly ticketKeys: string
  readonly plane: DataPlane
  /** For probes of nodes; a reload replaces it. */
  readonly nodeTls: { current: NodeTls }
  /** How nodes are probed; a reload replaces it. */
  readonly checks: { current: Config['health']['checks'] }
  readonly health: Health | undefined
  /** Of the unix sockets that this proxy has opened. */
  readonly socketFiles: SocketFiles
  readonly traffic: readonly Endpoint[]
  readonly control: Control
  readonly advertiser: Advertiser | undefined
}

async function makePlane(
  config: Config,
  tls: TlsMaterial,
  cluster: ServedCluster,
  programLog: ProgramLog,
  { traffic }: ListenPlaces,
): Promise<DataPlane> {
  // Two at least: while one is replaced, the other one serves.
  const byDefault = (): number => (config.control.traffic ? 0 : Math.max(2, grantedProcessors()))
  const workers = config.workers ?? byDefault()
  const options = {
    settings: { ...trafficSettings(config, tls), listen: traffic.map(({ entry }) => entry) },
    inherited: traffic.map((place) => place.inherited),
    accessLog: config.accessLog,
    level: config.log.level,
    ...programLog,
    snapshot: () => cluster.registry.snapshot,
    live: cluster.live,
  }
  return workers === 0 ? inProcess(options) : new WorkerPool(workers, options)
}

/** The material of the listeners, and the keys of their certificates. */
const listenersWithTls = [
  ['traffic', 'tls.cert'],
  ['control', 'control.tls.cert'],
] as const

function warnOfUnused({ unused }: ListenPlaces, log: Logger): void {
  for (const { name, fd, address } of unused)
    log.warn(
      { name, fd, address: hostPortText(address) },
      'inherited socket not used: name it in listen, as fd:NAME',
    )
}

/** Of the sockets that this process or its workers have opened. */
function noteFiles(files: SocketFiles, places: readonly ListenPlace[]): void {
  for (const { entry, inherited } of places) {
    const path = socketPathOf(entry.host)
    if (path !== undefined && inherited === undefined) files.add(path)
  }
}

function warnOfRisks(
  { control }: Config,
  tls: TlsMaterial,
  secret: string,
  bound: Endpoint,
  log: Logger,
): void {
  if (tls.nodes.verify === false) log.warn({}, 'certificates of nodes are not verified')
  for (const [listener, key] of listenersWithTls) {
    const cert = tls[listener]?.cert
    const reason = cert === undefined ? undefined : dateProblem(cert, systemClock.wall())
    if (reason !== undefined) log.warn({ key, reason }, 'clients refuse the certificate')
  }
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

/** Starts the control listener. */
function listenForNodes(
  {
    config,
    log,
    cluster,
    plane,
    nodeTls,
    checks,
  }: Omit<Parts, 'traffic' | 'control' | 'advertiser'>,
  tls: TlsMaterial,
  secret: string,
  places: ListenPlaces,
): Promise<Control> {
  const { traffic, names, allow, nodes, limits, statusTimeout, compat } = config.control
  return startControl({
    listen: places.control.entry,
    console: places.console?.entry,
    sockets: { listen: places.control.inherited, console: places.console?.inherited },
    tls: tls.control,
    registry: cluster.registry,
    live: cluster.live,
    traffic: {
      apply: (changes) => cluster.enforce(changes, plane),
      notify: (id) => plane.notify(id),
      refresh: () => plane.refresh(),
      workers: () => plane.workers(),
      counts: () => plane.counts(),
      explain: (question) => plane.explain(question),
      accept: traffic ? plane.accept : undefined,
    },
    access: { names, allow, secret, nodes: nodes.allow },
    limits: { messageBytesMax: limits.messageBytes },
    watch: {
      probe: probeWith(
        () => nodeTls.current,
        (target) => {
          const [node] = cluster.registry.snapshot.nodes.at(target)
          const version = proxyVersionOf(config.sendProxy, node ?? { ...unregistered, ...target })
          return version && localHeader(version)
        },
      ),
      rules: () => checks.current,
      statusTimeoutMs: statusTimeout,
    },
    state: () => cluster.state?.report(),
    compat,
    log,
  })
}

const unregistered = { route: '', balancer: '' }

class RunningServices implements Serving {
  readonly #parts: Parts
  readonly listening: Listening
  /** In force since the start or the last reload. */
  #present: Config
  #tls: TlsMaterial
  /** Ends the drain delay. */
  readonly #closing: AbortController = new AbortController()

  constructor(parts: Parts, tls: TlsMaterial) {
    const { traffic, control, health } = parts
    this.#parts = parts
    this.#present = parts.config
    this.#tls = tls
    this.listening = {
      traffic: traffic.map(urlOf),
      control: urlOf(control.address),
      ...(control.console === undefined ? {} : { console: urlOf(control.console) }),
      ...(health === undefined ? {} : { health: urlOf(health.address) }),
    }
  }

  async reload(next: Config, tls: TlsMaterial): Promise<ReloadResult> {
    const { config, cluster, plane } = this.#parts
    const problems = await this.#problemsOf(next, tls)
    if (problems.length > 0) return { ok: false, problems }
    const isControlReplaced = await this.#put(next, tls)
    this.#present = next
    await cluster.setFixedNodes(next, plane)
    const keys = restartKeys(config, next)
    return { ok: true, restartKeys: isControlReplaced ? keys : [...keys, 'control.tls'] }
  }

  async renewTls(): Promise<readonly ConfigProblem[]> {
    const tls = await readTls(this.#present)
    const problems = tls.ok ? this.#outdated(tls.material) : tls.problems
    if (tls.ok && problems.length === 0) await this.#put(this.#present, tls.material)
    return problems
  }

  readonly reopenLogs = (): void => this.#parts.plane.reopenLogs()

  /** Of a configuration that is valid, but not for a proxy that serves already. */
  async #problemsOf(next: Config, tls: TlsMaterial): Promise<readonly ConfigProblem[]> {
    const { config, cluster } = this.#parts
    const problems = this.#outdated(tls)
    const refuse = (path: string, message: string): void =>
      void problems.push({ place: 'configuration', path, message })
    if (cluster.wouldBeEmpty(next.to)) refuse('to', 'removes all nodes: restart to do that')
    if (tls.traffic === undefined && config.listen.some(({ tls: isSecure }) => isSecure === true))
      refuse('tls.cert', 'is missing: the proxy listens at https:// until it is restarted')
    await loadPolicies(cascadesIn(next)).catch((error: Error) => refuse('', error.message))
    return problems
  }

  /** The certificates that clients would refuse by their dates, unless those in force are no better. */
  #outdated(tls: TlsMaterial): ConfigProblem[] {
    const now = systemClock.wall()
    const problems: ConfigProblem[] = []
    for (const [listener, path] of listenersWithTls) {
      const [next, present] = [tls[listener], this.#tls[listener]]
      const message = next && dateProblem(next.cert, now)
      if (message === undefined || (present && dateProblem(present.cert, now))) continue
      problems.push({ place: 'configuration', path, message })
    }
    return problems
  }

  /** @returns false when the control listener cannot change between HTTP and HTTPS. */
  async #put(next: Config, tls: TlsMaterial): Promise<boolean> {
    const { config, log, ticketKeys, plane, nodeTls, checks, control } = this.#parts
    this.#tls = tls
    log.level = next.log.level
    nodeTls.current = new NodeTls(tls.nodes)
    checks.current = next.health.checks
    const { deterministicFailover } = config
    await plane.reload({
      level: next.log.level,
      rules: cascadeRules({ ...next, deterministicFailover }),
      tls: withTicketKeys(tls, ticketKeys),
    })
    return control.replaceTls(tls.control)
  }

  async drain(deadlineMs: number): Promise<void> {
    const { log, plane, control, advertiser, health } = this.#parts
    advertiser?.drain()
    control.drain()
    health?.listener.become('draining')
    plane.announceEnd()
    const { delay } = this.#present.drain
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
    await this.#parts.plane.close()
    await this.#closeControl()
  }

  async #closeControl(): Promise<void> {
    const { cluster, control, advertiser, health, socketFiles } = this.#parts
    cluster.close()
    await advertiser?.close()
    await control.close()
    socketFiles.removeAll()
    await cluster.state?.close()
    await health?.listener.close()
  }
}

function urlOf({ tls, ...address }: Endpoint): string {
  const path = isUnixAddress(address.host) ? '' : '/'
  return `${tls === true ? 'https' : 'http'}://${hostPortText(address)}${path}`
}

function withTicketKeys(tls: TlsMaterial, ticketKeys: string): TlsMaterial {
  return tls.traffic === undefined ? tls : { ...tls, traffic: { ...tls.traffic, ticketKeys } }
}
