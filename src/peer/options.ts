// The options of a server among its peers, and their defaults. They are checked before anything is sent: membership in
// membership/settings.ts, cascades in choice/cascades-of.ts.

import type { Clock, Random } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { UserCandidacy } from '../candidacy/candidacy.ts'
import { peerCascade } from '../candidacy/index.ts'
import type { Timeouts } from '../forward/index.ts'
import type { DatagramOptions, Datagrams } from '../net/datagram.ts'
import type { NodeTlsOptions } from '../net/node-tls.ts'
import type { Resources } from '../wire/announcement.ts'

/** Defaults that are more than the absence of an option. */
export const peerDefaults: {
  /** mod_backhand's port. */
  readonly groupPort: number
  readonly periodMs: number
  readonly candidacy: readonly string[]
  readonly connectMs: number
  readonly statusFrom: readonly string[]
  readonly drainMs: number
} = {
  groupPort: 4445,
  periodMs: 1_000,
  candidacy: peerCascade,
  connectMs: 1_000,
  statusFrom: ['127.0.0.0/8', '::1'],
  drainMs: 8_000,
}

/** Names of files. */
interface NatsFiles {
  /** Credentials, as `nsc` writes them. */
  readonly creds?: string | undefined
  /** Authority of the certificates of the servers; certificate and key of this one, where they ask for them. PEM. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Who a server is among its peers, and how announcements travel. */
export interface MembershipOptions {
  /**
   * Where announcements are sent and received: a multicast group, a broadcast address, or the hosts of all peers, this one
   * included or not. `host:port`; the port is 4445 by default. Or `nats://server:4222/NAME`, a group over NATS, once for each
   * server; that needs the package `@nats-io/transport-node`.
   */
  readonly group: string | readonly string[]
  /** How to log in to the servers of NATS, where the group is there. A user and a password stand in its URL. */
  readonly nats?: NatsFiles | undefined
  /**
   * Where peers send requests to: `http://host:port` or `https://host:port`. Without a host (`http://:8080`) an address of
   * this machine.
   */
  readonly address: string
  /**
   * Secrets that all peers share, of 16 characters or more: the first seals announcements, all are accepted. Required
   * unless `insecure` is true.
   */
  readonly key?: string | readonly string[] | undefined
  /**
   * Whether the group has no key: any program in the networks of `acceptFrom` can then attract requests. Default false.
   */
  readonly insecure?: boolean | undefined
  /** Name among the peers, 1..63 printable ASCII characters. Default: host and port of `address`. */
  readonly name?: string | undefined
  /** Paths that this server serves. Default: all. */
  readonly contexts?: readonly string[] | undefined
  /**
   * Requests in progress at which the server counts as full, 1..1 000 000. Default: as many as it has been seen to work
   * on at once.
   */
  readonly capacity?: number | undefined
  /** Time between two announcements, ms, 100..60 000. Default 1000. */
  readonly periodMs?: number | undefined
  /** Name or address of the network interface for announcements. Default: the system's choice. */
  readonly interface?: string | undefined
  /** Routers that an announcement to a multicast group may pass, plus one, 0..255. Default 1: the local network. */
  readonly ttl?: number | undefined
  /** Port to receive announcements on, where the group is a list of hosts. Default: the first of their ports that is free. */
  readonly port?: number | undefined
  /**
   * Addresses and networks whose announcements are accepted. Default: with a key any; without one this machine and the
   * networks of its interfaces (of `interface`, where it is given).
   */
  readonly acceptFrom?: readonly string[] | undefined
  /** Largest difference between the clocks of two servers, ms, 0..86 400 000. Default 30 000. */
  readonly skewMs?: number | undefined
  /** Periods without an announcement after which a peer counts as silent, 1..1000. Default 2.6. */
  readonly silentPeriods?: number | undefined
  /** Time without an announcement after which a peer is forgotten, ms, 0..86 400 000. Default 20 000. */
  readonly forgetMs?: number | undefined
  /** Figures that are announced instead of the measured ones. Called once a period; must not throw. */
  readonly resources?: (() => Partial<Resources>) | undefined
  /** Default: standard error, with a line on joining, on each trouble and on leaving; `false`: no log. */
  readonly log?: Logger | false | undefined
  /** For tests. */
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly openDatagrams?: ((options: DatagramOptions) => Datagrams) | undefined
}

/** Membership, and how requests are handed over. */
export interface PeersOptions extends MembershipOptions {
  /**
   * How a peer is chosen: candidacy functions as a list, or with commas between. `off` serves every request here.
   * Default: `byAge 5, byRoom`.
   */
  readonly candidacy?: string | readonly string[] | undefined
  /** Paths with functions of their own, which replace `candidacy` there and below. */
  readonly balance?:
    | readonly { readonly path: string; readonly candidacy: string | readonly string[] }[]
    | undefined
  /**
   * Functions of your own, by the names `./FILE.js#NAME` that the lists above use. Default: `joinPeers` loads them from
   * these files.
   */
  readonly policies?: ReadonlyMap<string, UserCandidacy> | undefined
  /**
   * Milliseconds: `connectMs` (default 1000) to connect to a peer, `responseHeadMs` (60 000) from the end of a request to
   * the head of its response, `responseBodyMs` (60 000) between two pieces of a response, `tunnelMs` (3 600 000) of a
   * WebSocket without any bytes, `sendMs` (300 000) of a client that reads nothing.
   */
  readonly timeouts?: PeerTimeouts | undefined
  /** How certificates of peers that announce `https` are verified. Default: as Node.js does. */
  readonly peerTls?: NodeTlsOptions | undefined
  /** Path of the status page, which is never handed over. Default: there is none. */
  readonly statusPath?: string | undefined
  /** Addresses and networks that may see the status page. Default: this machine. */
  readonly statusFrom?: readonly string[] | undefined
}

type PeerTimeouts = {
  readonly [Name in 'connectMs' | 'responseHeadMs' | 'responseBodyMs' | 'tunnelMs' | 'sendMs']?:
    | Timeouts[Name]
    | undefined
}

/** Options of which the address may be left out, because the server that listens shows it. */
export type WithoutAddress<T extends MembershipOptions> = Omit<T, 'address'> & {
  /** Where peers send requests to: `http://host:port` or `https://host:port`. Default: where the server listens. */
  readonly address?: string | undefined
}
