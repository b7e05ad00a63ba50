// The front proxy: its listeners, its traffic, and the cluster that it follows.

import type { Socket } from 'node:net'
import { acceptLimits } from '../base/limits.ts'
import type { UserCandidacy } from '../candidacy/candidacy.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { ProcessShare } from '../cluster/process-share.ts'
import type { RequestTimes } from '../cluster/request-times.ts'
import type { Change } from '../cluster/snapshot.ts'
import type { TrafficCounts } from '../cluster/traffic-counts.ts'
import {
  type AccessLog,
  type ExplainQuestion,
  explainRequest,
  frontParts,
  makeTraffic,
  type RequestExplanation,
  replaceSettings,
  type SettingsOptions,
  Tracing,
  type TracingOptions,
  type Traffic,
  type TrafficOptions,
} from '../forward/index.ts'
import type { TlsServerOptions } from '../net/tls-options.ts'
import { ClientRoom } from './client-room.ts'
import { ClusterFollower } from './cluster-follower.ts'
import { listenKeys } from './listen-keys.ts'
import { type Address, Listener, type SharedSockets } from './listener.ts'
import { ParsedRequests } from './parsed-requests.ts'

export interface ProxyOptions extends TrafficOptions {
  readonly listen: readonly Address[]
  /** For the addresses with `tls`. */
  readonly tls?: TlsServerOptions | undefined
  /** For worker processes that share their listening sockets. Default: this process opens its own. */
  readonly sockets?: SharedSockets | undefined
}

export class ReverseProxy {
  /** Forwards requests that a server of Node.js has parsed. To be used after `listen`. */
  readonly requests: ParsedRequests
  readonly #traffic: Traffic
  readonly #cluster: ClusterFollower
  readonly #room: ClientRoom
  readonly #firstListen: readonly Address[]
  readonly #sockets: SharedSockets | undefined
  #tls: TlsServerOptions | undefined
  /** Names of the addresses with certificates of their own. */
  #ownTls: ReadonlySet<string>
  /** By the name of their address (`listenKeys`). */
  #listeners: ReadonlyMap<string, Listener> = new Map()
  /** Those whose address is not served any more, until their connections have closed. */
  readonly #leaving: Set<Listener> = new Set()
  #isDraining = false

  constructor(options: ProxyOptions) {
    const { listen, tls, sockets, ...rest } = options
    this.#firstListen = listen
    this.#sockets = sockets
    this.#tls = tls
    this.#ownTls = ownTlsOf(listen)
    this.#traffic = makeTraffic({ ...rest, nodesAllow: rest.nodesAllow ?? [] }, frontParts)
    this.#cluster = new ClusterFollower(this.#traffic, options.live === undefined)
    this.#room = new ClientRoom(this.#traffic)
    this.requests = new ParsedRequests(this.#traffic)
    this.#traffic.ticker.onTick((now) => this.#cluster.tick(now))
  }

  /** Begins to accept. @throws TopspinError LISTEN, or Error of OpenSSL; then nothing is listening. */
  async listen(): Promise<readonly Address[]> {
    const bound = await this.openListeners(this.#firstListen, this.#tls)
    this.#traffic.ticker.start()
    return bound
  }

  /**
   * Begins to accept at those of the addresses that are not open yet. The others go on as they are.
   * @param tls for the new ones.
   * @returns the addresses that are open now, in the order of `listen`.
   * @throws TopspinError LISTEN, or Error of OpenSSL; then nothing changes.
   */
  async openListeners(
    listen: readonly Address[],
    tls: TlsServerOptions | undefined,
  ): Promise<readonly Address[]> {
    const copies = Math.floor(acceptLimits.furtherHandles / Math.max(1, listen.length))
    const opened = new Map<string, Listener>()
    const results = await Promise.allSettled(
      listenKeys(listen).map(async (key, index) => {
        if (this.#listeners.has(key)) return
        const address = listen[index] as Address
        const sockets = this.#sockets
        const shared = sockets && { sockets, key, copies }
        const options = tlsOf(address, tls)
        const listener = new Listener(this.#traffic, this.#room, options, shared, address)
        opened.set(key, listener)
        await listener.listen(address)
      }),
    )
    const failure = results.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') {
      for (const listener of opened.values()) listener.discard()
      throw failure.reason
    }
    this.#listeners = new Map([...this.#listeners, ...opened])
    return listenKeys(listen).map((key) => (this.#listeners.get(key) as Listener).address)
  }

  /**
   * Uses TLS, and its certificates, at the addresses that have it, for new connections, and accepts nothing more at the
   * other addresses that are open: their connections end by themselves.
   * @param leaveMs what is open there after this time is cut.
   * @throws Error of OpenSSL when the certificates cannot be used; then nothing changes.
   */
  useListeners(
    listen: readonly Address[],
    tls: TlsServerOptions | undefined,
    leaveMs: number,
  ): void {
    const keys = listenKeys(listen)
    const kept = new Map<string, Listener>()
    for (const [index, key] of keys.entries()) {
      const listener = this.#listeners.get(key)
      if (listener === undefined) continue
      const address = listen[index] as Address
      listener.replaceRules(address)
      listener.replaceTls(tlsOf(address, tls))
      listener.replaceProxies(address.proxyProtocol)
      kept.set(key, listener)
    }
    for (const [key, listener] of this.#listeners)
      if (!kept.has(key)) void this.#leave(listener, leaveMs)
    this.#listeners = kept
    this.#tls = tls
    this.#ownTls = ownTlsOf(listen)
  }

  async #leave(listener: Listener, withinMs: number): Promise<void> {
    this.#leaving.add(listener)
    const deadline = setTimeout(() => listener.close(), withinMs)
    await listener.drainGently()
    clearTimeout(deadline)
    this.#leaving.delete(listener)
  }

  /** Serves a connection that another listener has accepted; `first` was read from it. To be called after `listen`. */
  accept(socket: Socket, first: Buffer): void {
    const [listener] = this.#listeners.values()
    if (listener === undefined) socket.destroy()
    else listener.accept(socket, first)
  }

  /** Puts changes of the cluster in force; requests in flight keep the routes that they began with. */
  apply(changes: readonly Change[]): void {
    this.#cluster.apply(changes)
  }

  /**
   * Puts other settings in force, for new connections and for the next requests of open ones; requests in flight keep
   * their cascades and routes. A setting that the options do not name has its default again.
   * @throws RangeError as `createProxy`; then nothing changes.
   */
  replaceSettings(
    options: SettingsOptions,
    policies: ReadonlyMap<string, UserCandidacy> = new Map(),
  ): void {
    replaceSettings(this.#traffic, options, policies)
    this.#cluster.settingsReplaced()
    this.#traffic.draining = this.#isDraining || options.keepAlive === false
    for (const listener of this.#everyListener()) listener.settingsReplaced()
  }

  /** Traces later requests, or none. */
  replaceTracing(tracing: TracingOptions | undefined): void {
    this.#traffic.tracing = tracing && new Tracing(tracing)
  }

  /**
   * Writes later requests to another access log, or to none.
   * @param fields names of the fields of requests whose values `AccessEntry.fields` has. Default none.
   */
  replaceAccessLog(accessLog: AccessLog | undefined, fields: readonly string[] = []): void {
    this.#traffic.accessLog = accessLog
    this.#traffic.accessFields = fields.map((name) => Buffer.from(name.toLowerCase()))
  }

  /**
   * Uses other certificates for new connections of clients; open ones keep theirs, and so do addresses with `tlsOptions`.
   * @throws Error of OpenSSL when they cannot be used; then nothing changes.
   */
  replaceTls(tls: TlsServerOptions): void {
    for (const [key, listener] of this.#listeners)
      if (listener.address.tls === true && !this.#ownTls.has(key)) listener.replaceTls(tls)
    this.#tls = tls
  }

  /** Another share in limits of nodes that processes share: for the nodes that are applied after it. */
  useShare(share: ProcessShare): void {
    const { live, pools } = this.#traffic
    live.share = share
    pools.context.share = share
  }

  /** Where a request would go now, and why. */
  explain(question: ExplainQuestion): RequestExplanation {
    return explainRequest(this.#traffic, question)
  }

  /** The live numbers by which nodes are chosen. */
  get live(): LiveTable {
    return this.#traffic.live
  }

  get requestTimes(): RequestTimes {
    return this.#traffic.requestTimes
  }

  get counters(): TrafficCounts {
    return this.#traffic.counters
  }

  /** Open client connections. */
  get connections(): number {
    return this.#room.open
  }

  /** From now on responses end their connections (`Connection: close`); new connections are still accepted. */
  announceEnd(): void {
    this.#isDraining = true
    this.#traffic.draining = true
  }

  /**
   * Stops accepting, finishes requests in flight, then closes.
   * @param deadlineMs after that the rest is cut.
   * @param isReplaced another process serves the same clients: idle connections get one more response (`drainGently`).
   */
  async drain(deadlineMs: number, isReplaced: boolean = false): Promise<void> {
    if (!isReplaced) {
      this.announceEnd()
      this.#traffic.ending = true
    }
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs)
    })
    const drained = Promise.all([
      ...this.#everyListener().map((listener) =>
        isReplaced ? listener.drainGently() : listener.drain(),
      ),
      this.requests.idle(),
    ])
    await Promise.race([drained, deadline])
    clearTimeout(timer)
    this.close()
    // What was cut closes now, and its lines of the access log are written.
    await drained
  }

  /** Cuts everything. */
  close(): void {
    for (const listener of this.#everyListener()) listener.close()
    this.requests.close()
    this.#traffic.pools.close()
    this.#traffic.ticker.stop()
  }

  #everyListener(): readonly Listener[] {
    return [...this.#listeners.values(), ...this.#leaving]
  }
}

function tlsOf(
  { tls: isSecure, tlsOptions }: Address,
  tls: TlsServerOptions | undefined,
): TlsServerOptions | undefined {
  if (isSecure !== true) return undefined
  const options = tlsOptions ?? tls
  if (options === undefined) throw new RangeError('an address with tls needs the option tls')
  return options
}

/** The names of the addresses with `tlsOptions`. */
const ownTlsOf = (listen: readonly Address[]): ReadonlySet<string> =>
  new Set(listenKeys(listen).filter((_, index) => listen[index]?.tlsOptions !== undefined))
