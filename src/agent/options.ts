// The options of an agent and their defaults. Checked and completed by settings.ts.

import type { Logger } from '../base/log.ts'
import type { ProxyTls } from '../net/mcmp-client.ts'
import type { AdvertiseOptions } from './advertise-options.ts'
import type { LoadMetric } from './load-metric.ts'

export interface NodeOptions extends LoadOptions {
  /**
   * Control addresses of all proxies, `host:port` or `https://host:port`; the default port is 6666. A name means all
   * its addresses, `_service._tcp.domain` its SRV records; both are looked up periodically.
   */
  readonly proxies?: readonly string[] | undefined
  /**
   * The shared secret of the proxies: 8 to 256 visible ASCII characters. A proxy known only from advertisements receives
   * it only with `advertise.key` and `advertise.requireMac`. Default: none.
   */
  readonly secret?: string | undefined
  /** Receive advertisements of proxies; `proxies` may then be empty. Default: no. */
  readonly advertise?: AdvertiseOptions | undefined
  /** For proxies over TLS: the authorities of their certificates, and the certificate of this node. */
  readonly tls?: ProxyTls | undefined
  /** Paths that this node serves, each with everything below it. Default `['/']`. */
  readonly contexts?: readonly string[] | undefined
  /** Names of the virtual host. Default `['localhost']`; a proxy that ignores names accepts any. */
  readonly aliases?: readonly string[] | undefined
  /**
   * Name of this node in the cluster and suffix of its session ids: at most 63 letters, digits, `-` and `_`. Default:
   * host name and port, so that it stays the same after a restart.
   */
  readonly route?: string | undefined
  /** Balancer to join, at most 39 bytes. Default: the proxy's (`mycluster`). */
  readonly balancer?: string | undefined
  /** Failover group (LBGroup), at most 19 bytes. Default: none. */
  readonly domain?: string | undefined
  /**
   * Address at which proxies reach this node. Default: the address that the server listens on; for a wildcard the local
   * address of the connection to the proxy.
   */
  readonly host?: string | undefined
  /** Port at which proxies reach this node. Default: the port that the server listens on. */
  readonly port?: number | undefined
  /**
   * Port that answers the agent checks of HAProxy with the load factor and the state of this node, on the address that the
   * server listens on; `proxies` may then be empty. Default: none.
   */
  readonly agentCheck?: number | undefined
  readonly sticky?: StickyOptions | undefined
  readonly drain?: DrainOptions | undefined
  /** Default: standard error, with a line on joining, on each trouble and on leaving; `false`: no log. */
  readonly log?: Logger | false | undefined
}

/** The load reports of a node, and their inputs. */
interface LoadOptions {
  /** Milliseconds between load reports, 100..600 000. Default 10 000. */
  readonly reportIntervalMs?: number | undefined
  /** The metrics of the load factor. Default: see `defaultMetrics`. */
  readonly metrics?: readonly LoadMetric[] | undefined
  /**
   * Requests in flight that mean "full", for the default metrics; of one process where several share the port. Default:
   * requests in flight do not count.
   */
  readonly capacity?: number | undefined
  /** Load factor to start from, and to rise from in steps: 0..100; -1: the first factor is the measured one. Default 0. */
  readonly initialLoad?: number | undefined
  /** Earlier values that count in the load factor, 0..1000. Default 9; 29 while neither this nor `decay` nor `metrics` is given. */
  readonly history?: number | undefined
  /**
   * The weight of each older value is divided by this; below 1 means 1. Default 2, as in mod_cluster; 1.11 while neither
   * this nor `history` nor `metrics` is given: a tenth of the load factor is new in each report, so that it does not swing.
   */
  readonly decay?: number | undefined
}

export interface StickyOptions {
  /** Whether sessions stay at their node. Default: the proxy's (yes). */
  readonly enabled?: boolean | undefined
  /** Name of the session cookie, at most 29 bytes. Default JSESSIONID. */
  readonly cookie?: string | undefined
  /** Name of the path parameter, at most 29 bytes. Default jsessionid. */
  readonly path?: string | undefined
  /** Whether the proxy removes the session id when its node is gone. Default false. */
  readonly remove?: boolean | undefined
  /** Whether a request whose node is gone is refused instead of served elsewhere. Default false, as in Java nodes. */
  readonly force?: boolean | undefined
}

export interface DrainOptions {
  /**
   * What to wait for before the node leaves. `sessions`: until `sessions()` is 0, while requests of sessions still
   * arrive, and then for the requests in flight; `requests`: for the requests in flight; `none`: for nothing; `default`
   * (default): `sessions` when `sessions` is given and they are not `distributable`, otherwise `requests`. These are
   * ALWAYS, NEVER and DEFAULT of mod_cluster's session draining strategy.
   */
  readonly strategy?: 'default' | 'requests' | 'sessions' | 'none' | undefined
  /** Deadline of all waits together, milliseconds, at most a day. Default 8 000: Docker kills after 10 s. */
  readonly deadlineMs?: number | undefined
  /** Number of live sessions, in total or in one context; required by the strategy `sessions`. */
  readonly sessions?: ((context?: string) => number) | undefined
  /** Whether other nodes have the sessions, too, so that they survive this node. Default false. */
  readonly distributable?: boolean | undefined
  /** Whether to wait for WebSockets and other upgraded connections, too. Default false. */
  readonly upgraded?: boolean | undefined
}

/** The defaults of all options that depend neither on the server nor on the proxy. */
export const agentDefaults = {
  contexts: ['/'],
  aliases: ['localhost'],
  reportIntervalMs: 10_000,
  initialLoad: 0,
  /** For metrics that the application has chosen, as in mod_cluster. */
  configuredLoad: { history: 9, decay: 2 },
  /** For the default metrics: slow enough for the loop of load factors and shares (docs/mod-cluster-node.md 2.3). */
  defaultLoad: { history: 29, decay: 1.11 },
  stickyForce: false,
  drain: { strategy: 'default', deadlineMs: 8_000, distributable: false, upgraded: false },
  /** Of `joinCluster`. */
  requiredMs: 15_000,
  /** Of the sidecar. */
  startDeadlineMs: 60_000,
  probeIntervalMs: 1_000,
  /** Between two lines of the log while the target does not answer. */
  waitingLogMs: 5_000,
} as const
