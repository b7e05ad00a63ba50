// The shared registry as a service: keeps the watch of the store alive, shows that this proxy is there, and tells the other
// proxies what cannot wait for the store. Made by start-serving.ts where the configuration has `cluster.nats`.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { sharedLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { packageVersion } from '../../base/package-version.ts'
import { withDeadline } from '../../base/wait.ts'
import type { Node } from '../../cluster/node.ts'
import type { Facts } from '../../cluster/registry/facts.ts'
import { proxyKey, proxyOf } from '../../cluster/shared/keys.ts'
import { hasShape, isPlainObject } from '../../cluster/shared/shape.ts'
import type { Entry, SharedStore } from '../../cluster/shared/store.ts'
import { type Change, findNode, type Snapshot } from '../../cluster/snapshot.ts'
import { requestsLeft } from '../../control/requests-left.ts'
import type { Publish, Sharing, SharingProxy, SharingReport, Taken } from '../../control/sharing.ts'
import type { AppMessage, Message } from '../../wire/mcmp/message.ts'
import type { DataPlane } from '../data-plane.ts'
import type { ServedCluster } from '../served-cluster.ts'
import { Loads } from './loads.ts'
import { isMassSilence } from './mass-silence.ts'
import { SharedRegistry } from './shared-registry.ts'

export interface SharedServiceOptions {
  readonly store: SharedStore & { readonly server: string | undefined }
  readonly cluster: ServedCluster
  readonly plane: DataPlane
  readonly log: Logger
  readonly clock: Clock
  readonly name: string
  readonly proxy: string
  readonly zone: string
  /** Address of the control listener. */
  readonly control: string
  /** See `WatchOptions`. */
  readonly statusTimeoutMs: () => number
}

/** What a proxy says of itself in its record. */
interface Presence {
  readonly run: string
  readonly zone: string
  readonly control: string
  readonly version: string
  readonly started: string
  /** Wall-clock time of the proxy, ms. */
  readonly at: number
}

interface Present extends Presence {
  readonly revision: number
  /** Monotonic, ms. */
  readonly seenAt: number
  readonly clockMs: number
}

/** What proxies tell each other beside the store: records, and what is asked about them. */
interface News {
  readonly records: readonly {
    readonly key: string
    readonly revision: number
    readonly text: string
  }[]
  readonly count?: { readonly route: string; readonly paths: readonly string[] }
}

export class SharedService implements Sharing {
  readonly #options: SharedServiceOptions
  readonly #registry: SharedRegistry
  readonly #loads: Loads
  readonly #run: string = randomBytes(9).toString('base64url')
  readonly #started: string
  readonly #proxies: Map<string, Present> = new Map()
  /** Proxies that are gone: when, monotonic ms, and the revision of their records. */
  readonly #gone: Map<string, { readonly at: number; readonly revision: number }> = new Map()
  #unwatch: () => void = () => {}
  /** Raised with each watch: events of an earlier one do not count. */
  #watch = 0
  #isListing = false
  #listings = 0
  /** Of the others, for the loads that they have heard. */
  #hasAsked = false
  /** What watches have told. */
  #entries = 0
  /** Of the record of this proxy: the revision written last, when, and the one seen last. */
  #ownRevision = 0
  #writtenAt = 0
  #seenRevision = 0
  #lagMs: number | null = null
  #deaf = 0
  #reason: string | null = 'it has not reached the store yet'
  #modeAt: number
  #timer: NodeJS.Timeout | undefined
  #isTicking = false
  #isClosed = false
  #isDuplicate = false
  #isSilenceKept = false
  #silenceAt = Number.NEGATIVE_INFINITY
  #sweptAt: number

  constructor(options: SharedServiceOptions) {
    const { store, cluster, plane, log, clock, proxy } = options
    const { registry, live } = cluster
    this.#options = options
    this.#started = new Date(clock.wall()).toISOString()
    this.#modeAt = clock.now()
    this.#sweptAt = clock.now()
    this.#registry = new SharedRegistry({
      store,
      registry,
      live,
      clock,
      log,
      proxy,
      publish: (before, changes, by) => cluster.adopt(before, changes, by, plane),
      isAllowed: (host) => cluster.isAllowed(host),
      onNode: ({ id }) => {
        live.of(id).statusAt ??= clock.now()
      },
      onAlone: (reason) => this.#becomeAlone(reason),
    })
    this.#loads = new Loads({
      store,
      registry,
      live,
      clock,
      proxy,
      statusTimeoutMs: options.statusTimeoutMs,
      publish: (changes) => this.#publishLoads(changes),
      notify: (id) => cluster.notify(id, plane),
    })
    store.onMessage('news', (text) => this.#learn(text))
    store.onMessage('down', async (text) => (this.#isUp(text) ? 'up' : 'down'))
  }

  start(): void {
    this.#loads.start()
    void this.#tick()
  }

  /** Whether the store has been read and the other proxies have told the loads, at least once. */
  get isInformed(): boolean {
    return this.#hasAsked && !this.#registry.isAlone
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#loads.stop()
    this.#unwatch()
    const { store, proxy } = this.#options
    if (!this.#registry.isAlone)
      await withDeadline(
        store.remove(proxyKey(proxy), this.#ownRevision),
        sharedLimits.syncMs,
        () => undefined,
      )
    await store.close()
  }

  async apply(message: Message, facts: Facts, publish: Publish): Promise<Taken> {
    const taken = await this.#registry.apply(message, facts, publish)
    if (message.method === 'STATUS' && taken.reply.ok) this.#loads.heard(message)
    if (!taken.isShared || taken.keys === undefined) return taken
    const isLess = 'wildcard' in message && message.method !== 'ENABLE-APP'
    const isStored = taken.keys.every((key) => this.#registry.revisionOf(key) > 0)
    if (!isLess && isStored && !this.#registry.isAlone) return taken
    const text = JSON.stringify(this.#newsOf(taken.keys, message))
    const expected = this.#registry.isAlone ? 0 : this.#answering()
    if (!isLess || expected === 0) {
      this.#options.store.publish('news', text)
      return taken
    }
    const answers = await this.#options.store.ask('news', text, expected, sharedLimits.syncMs)
    const requests = answers.reduce((sum, answer) => sum + requestsIn(answer), 0)
    return { ...taken, requests }
  }

  async removeDead(node: Node, publish: Publish): Promise<void> {
    if (this.#registry.isAlone) return
    const others = this.#others(this.#proxies.size)
    const answers = await this.#options.store.ask('down', node.route, others, sharedLimits.syncMs)
    if (answers.includes('up')) return
    await this.#registry.removeDead(node, publish)
  }

  shareOwn(changes: readonly Change[], before: Snapshot): void {
    this.#registry.shareOwn(changes, before)
  }

  mayFallSilent(): boolean {
    const { cluster, clock, log, statusTimeoutMs } = this.#options
    const now = clock.now()
    if (now - this.#silenceAt < 1_000) return !this.#isSilenceKept
    this.#silenceAt = now
    const { registry, live } = cluster
    const isMass = isMassSilence(registry.snapshot, live, now, statusTimeoutMs())
    if (isMass && !this.#isSilenceKept)
      log.warn({}, 'many nodes stopped reporting at a time: none is put on standby')
    this.#isSilenceKept = isMass
    return !isMass
  }

  report(): SharingReport {
    const { name, proxy, store, clock } = this.#options
    const { isAlone, revision, unwritten, badRecords } = this.#registry
    const now = clock.now()
    const ofProxy = ([each, present]: readonly [string, Present]): SharingProxy => ({
      name: each,
      zone: present.zone,
      control: present.control,
      version: present.version,
      started: present.started,
      ageMs: Math.round(now - present.seenAt),
      clockMs: each === proxy ? 0 : Math.round(present.clockMs),
      isSelf: each === proxy,
    })
    return {
      name,
      proxy,
      mode: isAlone ? 'alone' : 'joined',
      reason: isAlone ? this.#reason : null,
      modeMs: Math.round(now - this.#modeAt),
      server: store.server ?? null,
      revision,
      lagMs: this.#lagMs,
      unwritten,
      listings: this.#listings,
      massSilence: this.#isSilenceKept,
      badRecords: [...badRecords].map(([key, reason]) => ({ key, reason })),
      proxies: [...this.#proxies].map(ofProxy).sort((a, b) => (a.name < b.name ? -1 : 1)),
    }
  }

  /** The other proxies that have given a sign of life just now: a reply waits for no other. */
  #answering(): number {
    const since = this.#options.clock.now() - sharedLimits.tickMs * 1.5
    const { proxy } = this.#options
    return [...this.#proxies].filter(([name, { seenAt }]) => name !== proxy && seenAt >= since)
      .length
  }

  /** Without this one. */
  #others(size: number): number {
    return this.#proxies.has(this.#options.proxy) ? size - 1 : size
  }

  #newsOf(keys: readonly string[], message: Message): News {
    const records = keys.flatMap((key) => {
      const text = this.#registry.textOf(key)
      return text === undefined ? [] : { key, revision: this.#registry.revisionOf(key), text }
    })
    const count = isStop(message) ? { route: message.route, paths: message.contexts } : undefined
    return count === undefined ? { records } : { records, count }
  }

  /** Another proxy waits until this is in force here. */
  async #learn(text: string): Promise<string | undefined> {
    const news = readNews(text)
    if (news === undefined) return undefined
    await Promise.all(
      news.records.map(({ key, revision, text: value }) =>
        revision > 0 && !this.#registry.isAlone
          ? this.#registry.see({ key, revision, value })
          : this.#registry.hear(key, value),
      ),
    )
    return JSON.stringify({ requests: await this.#requestsOn(news.count) })
  }

  async #requestsOn(count: News['count']): Promise<number> {
    if (count === undefined) return 0
    const { cluster, plane } = this.#options
    const node = findNode(cluster.registry.snapshot, count.route)
    if (node === undefined) return 0
    return requestsLeft(cluster.live, () => plane.refresh(), node.id, count.paths)
  }

  #isUp(route: string): boolean {
    const { registry, live } = this.#options.cluster
    const node = findNode(registry.snapshot, route)
    return node?.removal === 'none' && live.of(node.id).health.kind !== 'down'
  }

  #publishLoads(changes: readonly Change[]): void {
    const { cluster, plane, log } = this.#options
    cluster.adopt(cluster.registry.snapshot, changes, '', plane).catch((error: unknown) => {
      log.error({ reason: String(error) }, 'fault in the loads of other proxies')
    })
  }

  /** Proves again and again that the store takes writes and that the watch shows them. */
  async #tick(): Promise<void> {
    this.#isTicking = true
    try {
      if (await this.#prove()) {
        this.#reviewProxies()
        await this.#sweep()
      }
    } catch (error) {
      this.#options.log.error({ reason: String(error) }, 'fault in the shared registry')
    }
    this.#isTicking = false
    this.#tickLater()
  }

  #tickLater(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    const ms = this.#registry.isAlone ? sharedLimits.aloneTickMs : sharedLimits.tickMs
    this.#timer = setTimeout(() => void this.#tick(), ms)
    this.#timer.unref()
  }

  async #prove(): Promise<boolean> {
    const { store, proxy, clock } = this.#options
    const isJoined = this.#listings > 0 && !this.#registry.isAlone
    const isDeaf = isJoined && this.#seenRevision < this.#ownRevision
    if (isDeaf) await this.#noteDeaf()
    this.#writtenAt = clock.now()
    const result = await store.put(proxyKey(proxy), this.#presence(), this.#ownRevision)
    if (this.#isClosed) return false
    if (result.kind === 'unavailable') {
      this.#reason = result.reason
      this.#registry.becomeAlone(result.reason)
      return false
    }
    if (result.kind === 'refused') return this.#onRefused()
    this.#ownRevision = result.revision
    if (!isJoined || isDeaf) await this.#list()
    return !this.#registry.isAlone
  }

  async #noteDeaf(): Promise<void> {
    const { log, store } = this.#options
    this.#deaf += 1
    log.warn({ times: this.#deaf }, 'watch of the shared registry is silent: it is begun anew')
    if (this.#deaf < sharedLimits.deafMax) return
    this.#deaf = 0
    await store.reconnect()
  }

  /** The record of this proxy has another revision: of its last run, of a store made anew, or of another proxy. */
  async #onRefused(): Promise<boolean> {
    const { store, proxy, log } = this.#options
    const before = this.#ownRevision
    const entry = await store.get(proxyKey(proxy)).catch(() => undefined)
    this.#ownRevision = entry?.revision ?? 0
    this.#seenRevision = 0
    const other = entry?.value === undefined ? undefined : readPresence(entry.value)
    const isOther = before > 0 && other !== undefined && other.run !== this.#run
    if (isOther && !this.#isDuplicate)
      log.error(
        { proxy, control: other.control },
        'another proxy has the same name: set cluster.proxy',
      )
    this.#isDuplicate = isOther
    const result = await store.put(proxyKey(proxy), this.#presence(), this.#ownRevision)
    if (result.kind !== 'done') return false
    this.#ownRevision = result.revision
    await this.#list()
    return !this.#registry.isAlone
  }

  #presence(): string {
    const { zone, control, clock } = this.#options
    const presence: Presence = {
      run: this.#run,
      zone,
      control,
      version: packageVersion(),
      started: this.#started,
      at: Math.round(clock.wall()),
    }
    return JSON.stringify({ v: 1, ...presence })
  }

  /** Reads the whole store, and follows it from then on. */
  async #list(): Promise<void> {
    if (this.#isListing || this.#isClosed) return
    this.#isListing = true
    this.#unwatch()
    const watch = ++this.#watch
    const { store, clock } = this.#options
    let listed = (): void => {}
    const done = new Promise<void>((resolve) => {
      listed = resolve
    })
    try {
      this.#unwatch = await store.watch({
        begins: (name) => this.#registry.begin(name),
        entry: (entry) => {
          if (watch === this.#watch) this.#onEntry(entry)
        },
        listed: () => {
          if (watch !== this.#watch) return
          this.#onListed()
          listed()
        },
        ended: (reason) => {
          if (watch !== this.#watch) return
          this.#watch += 1
          listed()
          this.#registry.becomeAlone(reason)
        },
      })
      const isDone = await this.#isTold(done)
      if (!isDone) this.#registry.becomeAlone('the store does not tell what it has')
      else if (!this.#hasAsked) await this.#loads.ask(this.#others(this.#proxies.size))
      this.#hasAsked ||= isDone
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : String(error)
      this.#registry.becomeAlone(this.#reason)
    } finally {
      this.#isListing = false
      this.#silenceAt = clock.now()
    }
  }

  /** Whether a listing comes to its end. */
  async #isTold(done: Promise<void>): Promise<boolean> {
    const end = this.#options.clock.now() + sharedLimits.listMs
    let entries: number
    do {
      entries = this.#entries
      const isDone = done.then(() => true)
      if (await withDeadline(isDone, sharedLimits.listStallMs, () => false)) return true
    } while (entries !== this.#entries && this.#options.clock.now() < end)
    return false
  }

  #onListed(): void {
    const { log, cluster, name } = this.#options
    const wasAlone = this.#registry.isAlone
    this.#listings += 1
    this.#registry.listed()
    this.#reason = null
    if (!wasAlone) return
    this.#modeAt = this.#options.clock.now()
    const { unwritten } = this.#registry
    const nodes = cluster.registry.snapshot.nodes.size
    log.info({ cluster: name, nodes, unwritten }, 'joined the shared registry')
  }

  #becomeAlone(reason: string): void {
    const { log, clock, name } = this.#options
    this.#reason = reason
    this.#modeAt = clock.now()
    log.warn(
      { cluster: name, reason },
      'alone: the shared registry does not answer; messages are accepted here and written later',
    )
    if (!this.#isTicking) this.#tickLater()
  }

  #onEntry(entry: Entry): void {
    this.#entries += 1
    const name = proxyOf(entry.key)
    if (name === undefined) void this.#registry.see(entry)
    else this.#onProxy(name, entry)
  }

  #onProxy(name: string, { revision, value }: Entry): void {
    const { clock, proxy, log } = this.#options
    const now = clock.now()
    const presence = value === undefined ? undefined : readPresence(value)
    if (name === proxy && presence?.run === this.#run) {
      this.#seenRevision = revision
      this.#lagMs = Math.max(0, Math.round((now - this.#writtenAt) * 10) / 10)
      if (revision >= this.#ownRevision) this.#deaf = 0
    }
    if (presence === undefined) {
      if (this.#proxies.delete(name)) log.info({ proxy: name }, 'proxy left the shared registry')
      this.#gone.delete(name)
      this.#loads.gone(name)
      return
    }
    // A record that was there before may be of a proxy that is no more.
    if (this.#isListing && this.#gone.has(name)) return
    const isKnown = this.#proxies.has(name)
    if (!isKnown && this.#proxies.size >= sharedLimits.proxiesMax) return
    this.#gone.delete(name)
    this.#proxies.set(name, {
      ...presence,
      revision,
      seenAt: now,
      clockMs: this.#isListing
        ? (this.#proxies.get(name)?.clockMs ?? 0)
        : presence.at - clock.wall(),
    })
    if (!isKnown && name !== proxy)
      log.info({ proxy: name, zone: presence.zone, control: presence.control }, 'proxy is there')
  }

  #reviewProxies(): void {
    const { clock, log, proxy, store } = this.#options
    const now = clock.now()
    // While nobody could write, no sign of life could come.
    const since = Math.max(this.#modeAt, now - sharedLimits.proxyGoneMs)
    for (const [name, { seenAt, revision }] of this.#proxies) {
      if (name === proxy || seenAt >= since || now - this.#modeAt < sharedLimits.proxyGoneMs)
        continue
      this.#proxies.delete(name)
      this.#gone.set(name, { at: now, revision })
      this.#loads.gone(name)
      log.warn({ proxy: name }, 'proxy is gone')
    }
    for (const [name, { at, revision }] of this.#gone) {
      if (now - at < sharedLimits.proxyKeptMs) continue
      this.#gone.delete(name)
      void store.remove(proxyKey(name), revision)
    }
  }

  async #sweep(): Promise<void> {
    const now = this.#options.clock.now()
    if (now - this.#sweptAt < sweepMs) return
    this.#sweptAt = now
    this.#forgetUnknown(now)
    await this.#registry.sweep()
  }

  /** Nodes of the state file of which neither the store nor a message has told anything. */
  #forgetUnknown(now: number): void {
    const { cluster, plane, log, proxy, statusTimeoutMs } = this.#options
    const timeout = statusTimeoutMs()
    if (timeout === 0 || now - this.#modeAt < timeout) return
    const { registry, live } = cluster
    for (const { id, route, fixed, removal } of registry.snapshot.nodes.values()) {
      const isKnown = !live.of(id).unconfirmed || this.#registry.hasRecord(route)
      if (fixed || removal !== 'none' || isKnown) continue
      const before = registry.snapshot
      const changes = registry.remove(id, now)
      cluster
        .adopt(before, changes, proxy, plane)
        .catch((error: unknown) => log.error({ reason: String(error) }, 'fault in the registry'))
    }
  }
}

const sweepMs = 30_000

const isStop = (message: Message): message is AppMessage =>
  message.method === 'STOP-APP' && 'wildcard' in message && !message.wildcard

function requestsIn(answer: string): number {
  const value = parsed(answer)
  const requests = isPlainObject(value) ? value['requests'] : 0
  return Number.isSafeInteger(requests) && (requests as number) > 0 ? (requests as number) : 0
}

function readNews(text: string): News | undefined {
  const value = parsed(text)
  if (!isPlainObject(value) || !Array.isArray(value['records'])) return undefined
  const isRecord = (each: unknown): boolean =>
    hasShape(each, { key: 'string', revision: 'number', text: 'string' })
  if (!value['records'].every(isRecord)) return undefined
  const { count } = value
  const isCount =
    isPlainObject(count) &&
    typeof count['route'] === 'string' &&
    Array.isArray(count['paths']) &&
    count['paths'].every((path) => typeof path === 'string')
  return count === undefined || isCount ? (value as unknown as News) : undefined
}

function readPresence(text: string): Presence | undefined {
  const value = parsed(text)
  const isPresence = (each: unknown): each is Presence =>
    hasShape(each, {
      run: 'string',
      zone: 'string',
      control: 'string',
      version: 'string',
      started: 'string',
      at: 'number',
    })
  if (!isPresence(value)) return undefined
  const { run, zone, control, version, started, at } = value
  return { run, zone, control, version, started, at }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
