// The services of `topspin serve`, the configuration in force, and from it the options of the traffic and of the control
// service, at the start and at each reload. Used by start-serving.ts and running-services.ts.

import type { Endpoint } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { proxyVersionOf } from '../cluster/send-proxy.ts'
import type { Origins } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import type { controlTokens } from '../config/secret.ts'
import { addressTlsName, type TlsMaterial } from '../config/tls-files.ts'
import { addressOf, trafficSettings } from '../config/traffic-settings.ts'
import type { Control, ReplaceableOptions } from '../control/start-control.ts'
import { grantedProcessors } from '../host/processors.ts'
import type { NodeTls } from '../net/node-tls.ts'
import { probeWith } from '../net/probe.ts'
import type { SocketFiles } from '../net/socket-file.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import { localHeader } from '../wire/proxy-protocol/write.ts'
import type { Answers } from './acme/challenges.ts'
import type { Advertising } from './advertising.ts'
import type { DataPlane, PlaneSettings } from './data-plane.ts'
import type { HealthService } from './health-service.ts'
import type { InheritedSocket, ListenPlaces } from './inherited-sockets.ts'
import type { ProgramLog } from './logger.ts'
import type { ServedCluster } from './served-cluster.ts'

/** The services that run from the start to the end. */
export interface Parts {
  /** Its lines are events, too. */
  readonly log: Logger
  readonly programLog: ProgramLog
  readonly cluster: ServedCluster
  /** For session tickets, where no file says: all processes have the same keys, so that each resumes the sessions of the others. */
  readonly ticketKeys: { current: string }
  /** The name in `Via` unless the configuration has one. */
  readonly pseudonym: string
  readonly plane: DataPlane
  /** For probes of nodes; a reload replaces it. */
  readonly nodeTls: { current: NodeTls }
  /** How nodes are probed; a reload replaces it. */
  readonly checks: { current: Config['health']['checks'] }
  readonly health: HealthService
  readonly control: Control
  /** There is a control listener. */
  readonly hasControl: boolean
  readonly advertising: Advertising
  readonly inherited: readonly InheritedSocket[]
  /** Of the unix sockets that this proxy has opened. */
  readonly socketFiles: SocketFiles
}

/** In force since the start or the last reload. */
export interface Present {
  readonly config: Config
  readonly origins: Origins
  /** The keys whose values have changed and need a restart. */
  readonly restartKeys: readonly string[]
  readonly tls: TlsMaterial
  /** Certificates for clients that do not come from files. */
  readonly issued: readonly ServerCertificate[]
  /** Answers to authorities of certificates, while there are any. */
  readonly answers?: Answers | undefined
  readonly secret: string
  readonly tokens: ReturnType<typeof controlTokens>
  /** The addresses of the configuration, with the sockets that were open already. */
  readonly places: ListenPlaces
  /** The addresses for clients. */
  readonly traffic: readonly Endpoint[]
}

/** Traffic processes; 0: this one. Two at least by default: while one is replaced, the other one serves. */
export const workersOf = ({ workers, control }: Config): number =>
  workers ?? (control.traffic ? 0 : Math.max(2, grantedProcessors()))

export function planeSettings(
  {
    config,
    tls,
    issued,
    answers,
    places,
  }: Pick<Present, 'config' | 'tls' | 'issued' | 'answers' | 'places'>,
  { ticketKeys: own, pseudonym }: Pick<Parts, 'ticketKeys' | 'pseudonym'>,
): PlaneSettings {
  const ticketKeys = tls.ticketKeys ?? own.current
  return {
    settings: {
      ...trafficSettings(config, withOwn(tls, { issued, answers, ticketKeys }), pseudonym),
      challenges: answers && Object.keys(answers.texts).length > 0 ? answers.texts : undefined,
      listen: places.traffic.map(({ entry }) => {
        const { tlsFiles } = entry
        const address = addressOf(entry, config)
        if (tlsFiles === undefined) return address
        const tlsOptions = { ...tls.addresses[addressTlsName(tlsFiles)], ticketKeys }
        return { ...address, tlsOptions }
      }),
    },
    accessLog: config.accessLog,
    tracing: config.tracing,
    level: config.log.level,
    workers: workersOf(config),
    leaveMs: config.timeouts.replaced,
  }
}

/** A node whose address is probed before it is registered. */
const unregistered = { route: '', balancer: '' }

/** The options of the control service that a reload can change. */
export function controlOptions(
  {
    cluster,
    plane,
    nodeTls,
    checks,
    hasControl,
  }: Pick<Parts, 'cluster' | 'plane' | 'nodeTls' | 'checks' | 'hasControl'>,
  {
    config,
    tls,
    secret,
    tokens,
    places,
  }: Pick<Present, 'config' | 'tls' | 'secret' | 'tokens' | 'places'>,
): ReplaceableOptions {
  const { traffic, names, peers, allow, nodes, limits, statusTimeout, compat } = config.control
  return {
    listen: hasControl ? places.control.entry : undefined,
    console: places.console?.entry,
    sockets: { listen: places.control.inherited, console: places.console?.inherited },
    tls: tls.control,
    traffic: {
      apply: (changes) => cluster.enforce(changes, plane),
      notify: (id) => cluster.notify(id, plane),
      refresh: () => plane.refresh(),
      workers: () => plane.workers(),
      counts: () => plane.counts(),
      requestTimes: () => plane.requestTimes(),
      explain: (question) => plane.explain(question),
      followRequests: (filters, report) => plane.followRequests(filters, report),
      accept: traffic ? plane.accept : undefined,
    },
    access: { names, allow, secret, tokens, nodes: nodes.allow },
    peerPages: peers,
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
    compat,
  }
}

/** With what the files do not contain. */
function withOwn(
  tls: TlsMaterial,
  {
    issued,
    answers,
    ticketKeys,
  }: Pick<Present, 'issued' | 'answers'> & { readonly ticketKeys: string },
): TlsMaterial {
  if (tls.traffic === undefined) return tls
  const certificates = [...(tls.traffic.certificates ?? []), ...issued]
  const challenges = answers?.pairs
  return { ...tls, traffic: { ...tls.traffic, certificates, challenges, ticketKeys } }
}
