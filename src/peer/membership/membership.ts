// The membership of a server among its peers: it announces the server, receives the announcements of the others, and
// keeps the list of present peers. Used by make-peers.ts, and by announce-target.ts for a server of another process.

import type { RemoteInfo } from 'node:dgram'
import { isIP } from 'node:net'
import { present } from '../../base/environment.ts'
import { type HostPort, hostPortText } from '../../base/host-port.ts'
import { natsLimits, peerLimits } from '../../base/limits.ts'
import { OutageLog } from '../../base/outage-log.ts'
import { LiveTable, newLive } from '../../cluster/live.ts'
import type { Peer } from '../../cluster/peer.ts'
import { type PeerEvent, PeerTable, selfId } from '../../cluster/peer-table.ts'
import { Room } from '../../cluster/room.ts'
import { NoTrial } from '../../cluster/trial.ts'
import { Usual } from '../../cluster/usual.ts'
import { TimerDelayMeter } from '../../host/event-loop.ts'
import { ResourceMeter } from '../../host/resource-meter.ts'
import { isWildcard } from '../../net/address.ts'
import type { Datagrams } from '../../net/datagram.ts'
import { ownInterface } from '../../net/own-interface.ts'
import type { Announcement } from '../../wire/announcement.ts'
import { writeAnnouncement } from '../../wire/announcement-codec.ts'
import { isAsk } from '../../wire/ask.ts'
import type { MembershipOptions } from '../options.ts'
import { AcceptFrom } from './accept-from.ts'
import { AnnouncementListener } from './announcement-listener.ts'
import { Announcer } from './announcer.ts'
import { withoutLogin } from './group.ts'
import { openNatsDatagrams } from './nats-datagrams.ts'
import { ownAddress } from './own-address.ts'
import { ServiceMeter } from './service-meter.ts'
import { type MembershipSettings, membershipSettings } from './settings.ts'

/** Sweeps of the table in one period: a silent peer is found at most that part of a period late. */
const sweepsPerPeriod = 4
/** Sweeps between two readings of the machine's interfaces. */
const refreshSweeps = 20
/** Networks in a log line: a machine with many containers has many. */
const loggedNetworks = 16

export class PeerMembership {
  /** The known peers, and the refused datagrams. */
  readonly table: PeerTable
  /** Live numbers of the peers, by `peer.id`. */
  readonly live: LiveTable = new LiveTable()
  /** Records each request that is served here. */
  readonly service: ServiceMeter
  /** The sources that are accepted, for hand-overs too. */
  readonly accept: AcceptFrom
  readonly settings: MembershipSettings
  /** Resolves when the sockets are open, or their failure has been logged. */
  readonly ready: Promise<void>
  /** Receives questions and answers (wire/ask.ts) where `answersQuestions` is set; must not throw. */
  onAsk: ((bytes: Buffer, from: RemoteInfo) => void) | undefined

  readonly #interface: string | undefined
  readonly #announcer: Announcer
  readonly #resources: ResourceMeter
  readonly #timerDelay: TimerDelayMeter
  readonly #datagrams: Datagrams
  readonly #outages: OutageLog
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  readonly #sweeps: NodeJS.Timeout
  #swept = 0

  /**
   * @param answersQuestions announces a port where peers may ask how much room there is.
   * @throws TopspinError BAD_OPTION. Later failures are logged.
   */
  constructor(options: MembershipOptions, answersQuestions: boolean = false) {
    this.settings = membershipSettings(options)
    const { clock, periodMs, keys, log, capacity, acceptFrom } = this.settings
    const { skewMs, silentPeriods, forgetMs } = options
    this.#interface = options.interface
    this.accept = new AcceptFrom({
      acceptFrom,
      hasKey: !keys.isEmpty,
      interface: options.interface,
    })
    this.#outages = new OutageLog(log)
    const room = new Room(new Usual(), new NoTrial())
    this.live.set(selfId, newLive(room))
    this.service = new ServiceMeter(clock, room, capacity)
    this.#timerDelay = new TimerDelayMeter(periodMs / sweepsPerPeriod, clock.now())
    // Reading the machine costs more than all else that an idle server does, so every second announcement repeats the last.
    this.#resources = new ResourceMeter(periodMs * 1.5, clock.now(), this.#timerDelay)
    this.table = new PeerTable({
      clock,
      live: this.live,
      onEvent: (event) => this.#report(event),
      ...present({ skewMs, silentPeriods, forgetMs }),
    })
    this.#datagrams = this.#open(options, answersQuestions)
    this.#announcer = this.#makeAnnouncer(options, answersQuestions)
    this.table.setSelf(this.#announcer.next(false))
    this.#sweeps = setInterval(() => this.#sweep(), periodMs / sweepsPerPeriod)
    this.#sweeps.unref()
    this.ready = this.#datagrams.ready
    this.#logRisks()
  }

  /** This server's own entry. */
  get self(): Peer {
    const { self } = this.table
    if (self === undefined) throw new Error('the constructor sets the own entry')
    return self
  }

  /** This server and the peers that are present; the same array until one of them changes. */
  peers(): readonly Peer[] {
    return this.table.list()
  }

  /** Calls the listener whenever a peer comes or goes. @returns how to end that. */
  onChange(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** This server is announced, so peers may hand requests over to it. */
  get isPresent(): boolean {
    return this.#announcer.isPresent
  }

  /** Sends one datagram to a peer, from where this server is asked. */
  sendTo(bytes: Uint8Array, to: HostPort): void {
    this.#datagrams.sendFromOwn(bytes, to)
  }

  /** Announces this server from now on. */
  announce(): void {
    const { group, keys, log } = this.settings
    const { places, nats } = group
    const where = nats === undefined ? places.map(hostPortText) : nats.servers.map(withoutLogin)
    const fields = {
      ...this.#fields,
      group: where,
      ...(nats === undefined ? {} : { nats: nats.name }),
      authenticated: !keys.isEmpty,
    }
    if (!this.#announcer.isPresent) log.info(fields, 'peer announced')
    this.#announcer.start()
  }

  /** Sends goodbyes, so that the peers hand over nothing more. Announcements are still received. */
  leave(): void {
    if (this.#announcer.isPresent) this.settings.log.info(this.#fields, 'peer left its group')
    this.#announcer.stop()
  }

  /** Leaves and ends the membership. Resolves when the goodbyes have been sent. */
  async close(): Promise<void> {
    this.leave()
    clearInterval(this.#sweeps)
    await this.#datagrams.close()
  }

  #open({ interface: which, ttl, port }: MembershipOptions, ownPort: boolean): Datagrams {
    const { group, keys, clock, log, openDatagrams } = this.settings
    const { table: peers, accept } = this
    const listener = new AnnouncementListener({ peers, keys, accept, clock, log })
    const { host, name } = this.settings.identity
    if (group.nats !== undefined)
      return openNatsDatagrams({
        group: group.nats,
        name,
        onAnnouncement: (bytes) => listener.receive(bytes, undefined),
        onQuestion: ownPort ? (bytes, from) => this.onAsk?.(bytes, from) : undefined,
        family: isIP(host) === 6 ? 6 : 4,
        interface: which,
        log,
      })
    return openDatagrams({
      to: group.places,
      log,
      onDatagram: (bytes, from) => {
        if (isAsk(bytes) && this.onAsk !== undefined) this.onAsk(bytes, from)
        else listener.receive(bytes, from.address)
      },
      ownPort,
      toSelf: false,
      ...present({ interface: which, ttl, port }),
    })
  }

  /** Of this server, for the log. */
  get #fields(): { readonly name: string; readonly address: string } {
    const { name, scheme, host, port } = this.settings.identity
    return { name, address: `${scheme}://${hostPortText({ host, port })}` }
  }

  /** Where the own datagrams arrive, at an address that peers can send to. */
  #askedAt(): HostPort | undefined {
    const { own } = this.#datagrams
    const { host } = this.settings.identity
    const at = own.find((place) => isIP(place.host) === isIP(host)) ?? own[0]
    if (at === undefined || !isWildcard(at.host)) return at
    const isReachable = isIP(host) === isIP(at.host)
    return { host: isReachable ? host : ownAddress(at.host, this.#interface), port: at.port }
  }

  #makeAnnouncer(options: MembershipOptions, answersQuestions: boolean): Announcer {
    const { identity, periodMs, clock, random, group } = this.settings
    return new Announcer({
      identity,
      periodMs,
      clock,
      random,
      resources: () => ({
        ...this.#resources.read(clock.now()),
        ...this.service.read(),
        ...options.resources?.(),
      }),
      loss: () => ({ here: this.table.loss, there: this.table.reportedLoss }),
      beatsMax: group.nats === undefined ? peerLimits.beatsMax : 1,
      ask: answersQuestions ? () => this.#askedAt() : undefined,
      send: (announcement) => this.#send(announcement),
    })
  }

  #send(announcement: Announcement): void {
    this.table.setSelf(announcement)
    try {
      this.#datagrams.send(writeAnnouncement(announcement, this.settings.keys))
    } catch (error) {
      const detail = { error: (error as Error).message }
      this.#outages.report('announcement', 'unwritten', detail, 'announcement not written')
    }
  }

  #sweep(): void {
    this.#timerDelay.fired(this.settings.clock.now())
    this.table.sweep(this.settings.periodMs / sweepsPerPeriod)
    if (++this.#swept % refreshSweeps === 0) this.accept.refresh()
  }

  #report(event: PeerEvent): void {
    const { kind, peer, other } = event
    const { name, host, port } = peer.announcement
    if (kind === 'conflict') {
      const detail = { name, host, port, other: { host: other?.host, port: other?.port } }
      this.settings.log.warn(detail, 'two servers announce one name; the one started later counts')
    } else this.settings.log.info({ name, host, port }, `peer ${kind}`)
    this.#noteSize()
    for (const listener of this.#listeners) listener(event)
  }

  #noteSize(): void {
    const { length } = this.table.list()
    if (this.settings.group.nats === undefined) return
    const detail = { peers: length, most: natsLimits.peersMax }
    if (length > natsLimits.peersMax)
      this.#outages.report('size', 'large', detail, 'group over NATS is large; divide it')
    else this.#outages.resolve('size', detail, 'group over NATS is no longer too large')
  }

  /** Settings that are valid but often mistakes. */
  #logRisks(): void {
    const { log, keys, identity, group } = this.settings
    const { networks } = this.accept
    if (keys.isEmpty) {
      const detail = { acceptFrom: networks?.slice(0, loggedNetworks) }
      const risk = 'any program in these networks can attract requests; set a key'
      log.warn(detail, `announcements are not authenticated: ${risk}`)
    }
    const isNear = ({ host }: { host: string }): boolean => /^(127\.|::1$|localhost$)/.test(host)
    const at = this.#interface === undefined ? undefined : ownInterface(this.#interface)
    const isLocal =
      group.nats === undefined
        ? group.places.every(isNear)
        : group.nats.servers.every((server) => isNear({ host: new URL(server).hostname }))
    if (isNear(identity) && !isLocal && at?.v4?.startsWith('127.') !== true) {
      const detail = { host: identity.host, port: identity.port }
      log.warn(detail, 'announced address is a loopback address, but the group is not; set address')
    }
  }
}

/** Joins: receives announcements and announces this server. @throws TopspinError BAD_OPTION that names every bad option. */
export function startPeerMembership(options: MembershipOptions): PeerMembership {
  const membership = new PeerMembership(options)
  membership.announce()
  return membership
}
