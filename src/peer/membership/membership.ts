// A web server's membership among its peers: it announces itself, listens to the others, and knows who is
// there. Called by whatever serves or hands over requests; it says goodbye at the end.

import { OutageLog } from '../../base/outage-log.ts'
import { LiveTable } from '../../cluster/live.ts'
import type { Peer } from '../../cluster/peer.ts'
import { type PeerEvent, Peers } from '../../cluster/peers.ts'
import { ResourceMeter } from '../../host/resource-meter.ts'
import type { Datagrams } from '../../net/datagram.ts'
import { ownInterface } from '../../net/own-interface.ts'
import type { Announcement } from '../../wire/announcement.ts'
import { writeAnnouncement } from '../../wire/announcement-codec.ts'
import { AcceptFrom } from './accept-from.ts'
import { Announcer } from './announcer.ts'
import { Listener } from './listener.ts'
import { type PeerOptions, type PeerSettings, peerSettings } from './options.ts'
import { ServiceMeter } from './service-meter.ts'

/** Looks at the table in one period: whoever has fallen silent is found that much late. */
const sweepsPerPeriod = 8
/** Looks at the machine's interfaces: every so many looks at the table. */
const refreshSweeps = 40
/** A machine with many containers has many networks. */
const networksTold = 16

export class PeerMembership {
  /** Who is known, and what was refused. */
  readonly table: Peers
  /** Live numbers of the peers, by `peer.id`. */
  readonly live: LiveTable = new LiveTable()
  /** To be told of each request that is served here. */
  readonly service: ServiceMeter
  /** Whose datagrams are believed, for hand-overs too. */
  readonly accept: AcceptFrom
  readonly settings: PeerSettings
  /** Resolves when the sockets are open, or complained about. */
  readonly ready: Promise<void>

  readonly #interface: string | undefined
  readonly #announcer: Announcer
  readonly #resources: ResourceMeter
  readonly #datagrams: Datagrams
  readonly #outages: OutageLog
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  readonly #sweeps: NodeJS.Timeout
  #swept = 0

  /** Throws a TopspinError for bad options; whatever fails later is told in the log. */
  constructor(options: PeerOptions) {
    this.settings = peerSettings(options)
    const { clock, random, periodMs, keys, log, identity, capacity } = this.settings
    const { interface: at, acceptFrom, skewMs, silentPeriods, forgetMs } = options
    this.#interface = at
    this.accept = new AcceptFrom({ acceptFrom, hasKey: !keys.isEmpty, interface: at })
    this.#outages = new OutageLog(log)
    this.service = new ServiceMeter(clock, capacity)
    this.#resources = new ResourceMeter(periodMs * 0.9, clock.now())
    this.table = new Peers({
      clock,
      live: this.live,
      ...(skewMs === undefined ? {} : { skewMs }),
      ...(silentPeriods === undefined ? {} : { silentPeriods }),
      ...(forgetMs === undefined ? {} : { forgetMs }),
      onEvent: (event) => this.#tell(event),
    })
    const listener = new Listener({ peers: this.table, keys, accept: this.accept, clock, log })
    this.#datagrams = this.settings.openDatagrams({
      to: this.settings.group,
      log,
      ...(at === undefined ? {} : { interface: at }),
      ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
      ...(options.port === undefined ? {} : { port: options.port }),
      onDatagram: (bytes, from) => listener.take(bytes, from.address),
    })
    this.#announcer = new Announcer({
      identity,
      periodMs,
      clock,
      random,
      resources: () => ({
        ...this.#resources.read(clock.now()),
        ...this.service.read(),
        ...options.resources?.(),
      }),
      loss: () => ({ here: this.table.loss, told: this.table.toldLoss }),
      say: (announcement) => this.#say(announcement),
    })
    this.table.setSelf(this.#announcer.next(false))
    this.#sweeps = setInterval(() => this.#sweep(), periodMs / sweepsPerPeriod)
    this.#sweeps.unref()
    this.ready = this.#datagrams.ready
    this.#tellHow()
  }

  /** This server's own entry. */
  get self(): Peer {
    const { self } = this.table
    if (self === undefined) throw new Error('the own entry is made at the start')
    return self
  }

  /** This server and the peers that count now; another array after each change, else the same. */
  peers(): readonly Peer[] {
    return this.table.list()
  }

  /** Calls the listener whenever a peer comes or goes; returns how to end that. */
  onChange(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Announces this server, or does so again after `leave`. */
  announce(): void {
    this.#announcer.start()
  }

  /** Says goodbye, so that the others send nothing more; goes on listening. */
  leave(): void {
    this.#announcer.stop()
  }

  /** Leaves and ends everything, when the goodbye is out. */
  async close(): Promise<void> {
    this.#announcer.stop()
    clearInterval(this.#sweeps)
    this.#resources.close()
    await this.#datagrams.close()
  }

  #say(announcement: Announcement): void {
    this.table.setSelf(announcement)
    try {
      this.#datagrams.send(writeAnnouncement(announcement, this.settings.keys))
    } catch (error) {
      const detail = { error: (error as Error).message }
      this.#outages.report('announcement', 'unwritten', detail, 'an announcement cannot be written')
    }
  }

  #sweep(): void {
    this.table.sweep(this.settings.periodMs / sweepsPerPeriod)
    if (++this.#swept % refreshSweeps === 0) this.accept.refresh()
  }

  #tell(event: PeerEvent): void {
    const { kind, peer, other } = event
    const { name, host, port } = peer.announcement
    if (kind === 'conflict') {
      const detail = { name, host, port, other: { host: other?.host, port: other?.port } }
      this.settings.log.warn(detail, 'two servers announce one name; the one started later counts')
    } else this.settings.log.info({ name, host, port }, `peer ${kind}`)
    for (const listener of this.#listeners) listener(event)
  }

  /** What people may not have meant. */
  #tellHow(): void {
    const { log, keys, identity, group } = this.settings
    const { networks } = this.accept
    if (keys.isEmpty) {
      const detail = { acceptFrom: networks?.slice(0, networksTold) }
      const risk = 'any program in these networks can take requests; set a key'
      log.warn(detail, `announcements are not authenticated: ${risk}`)
    }
    const isNear = ({ host }: { host: string }): boolean => /^(127\.|::1$|localhost$)/.test(host)
    const at = this.#interface === undefined ? undefined : ownInterface(this.#interface)
    if (isNear(identity) && !group.every(isNear) && at?.v4?.startsWith('127.') !== true) {
      const detail = { host: identity.host, port: identity.port }
      log.warn(
        detail,
        'the announced address leads other machines to themselves; set another address',
      )
    }
  }
}

/** Starts to listen and to announce this server. Throws a TopspinError that names every bad option. */
export function startPeerMembership(options: PeerOptions): PeerMembership {
  const membership = new PeerMembership(options)
  membership.announce()
  return membership
}
