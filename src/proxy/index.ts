// The door of the data plane: a reverse proxy that forwards what the cluster's snapshot says.

import { BlockList, isIPv6 } from 'node:net'
import { type Clock, type Random, systemClock } from '../base/clock.ts'
import { type Logger, silent } from '../base/log.ts'
import { byLoadFactorWindowMs, recalculate } from '../candidacy/by-load-factor.ts'
import { compose } from '../candidacy/compose.ts'
import { cascadeOf } from '../candidacy/index.ts'
import { LiveTable } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import { release } from '../cluster/outlier.ts'
import { Routes } from '../cluster/routes.ts'
import { applyChange, type Change, emptySnapshot, type Snapshot } from '../cluster/snapshot.ts'
import { newCounters, type TrafficCounts } from '../cluster/traffic-counts.ts'
import { openFilesMax } from '../host/open-files.ts'
import { Ticker } from '../net/ticker.ts'
import { viaLines } from '../wire/forwarded.ts'
import type { AccessLog } from './access-log.ts'
import { connectionRoom } from './connection-room.ts'
import { ExchangePool } from './exchange-pool.ts'
import { type Address, Listener } from './listener.ts'
import { Pools } from './pools.ts'
import { RetryBudget } from './retry-budget.ts'
import {
  defaultSettings,
  defaultTimeouts,
  newPseudonym,
  type ProxySettings,
  type Timeouts,
} from './settings.ts'
import { Buffers, type Traffic } from './traffic.ts'

export type { AccessEntry, AccessLog } from './access-log.ts'
export type { Address } from './listener.ts'
export {
  defaultSettings,
  defaultTimeouts,
  newPseudonym,
  type ProxySettings,
  type Timeouts,
} from './settings.ts'

export interface ProxyOptions extends Partial<Omit<ProxySettings, 'timeouts'>> {
  readonly listen: readonly Address[]
  readonly timeouts?: Partial<Timeouts>
  /** Shared with the control listener, which then applies the changes to it; default: the proxy's own. */
  readonly live?: LiveTable
  /** Told at once when traffic finds that a node is down, which is noted in the live numbers by then. */
  readonly onNodeDown?: (id: number, reason: string) => void
  readonly accessLog?: AccessLog | undefined
  /** Files and sockets that this process may have open; default: what the system says. */
  readonly openFiles?: number
  readonly log?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

export class ReverseProxy {
  readonly #traffic: Traffic
  readonly #listen: readonly Address[]
  /** The live numbers are the proxy's own, so it applies the changes to them, too. */
  readonly #ownsLive: boolean
  #listeners: readonly Listener[] = []
  #snapshot: Snapshot = emptySnapshot
  #windowEnds = 0

  constructor(options: ProxyOptions) {
    this.#listen = options.listen
    this.#ownsLive = options.live === undefined
    this.#traffic = makeTraffic(options)
    this.#traffic.ticker.onTick((now) => this.#tick(now))
  }

  /** Begins to accept. @throws TopspinError LISTEN; then nothing is listening. */
  async listen(): Promise<readonly Address[]> {
    const listeners = this.#listen.map(() => new Listener(this.#traffic))
    try {
      const bound = await Promise.all(
        this.#listen.map((address, index) => (listeners[index] as Listener).listen(address)),
      )
      this.#listeners = listeners
      this.#traffic.ticker.start()
      return bound
    } catch (error) {
      for (const listener of listeners) listener.close()
      throw error
    }
  }

  /** Puts changes of the cluster in force; requests under way keep what they began with. */
  apply(changes: readonly Change[]): void {
    const traffic = this.#traffic
    if (this.#ownsLive) applyToLive(traffic.live, changes, this.#snapshot)
    for (const change of changes) {
      this.#snapshot = applyChange(this.#snapshot, change)
      if (change.kind === 'gone') traffic.pools.drop(change.id)
      else if (change.kind === 'node' && change.node.removal !== 'none') {
        traffic.pools.drop(change.node.id)
      }
    }
    if (changes.some((change) => change.kind !== 'load')) {
      traffic.routes = new Routes(this.#snapshot, traffic.live, traffic.settings)
    }
    this.#wakeWaiting(traffic.ticker.now)
  }

  /** The live numbers by which it chooses. */
  get live(): LiveTable {
    return this.#traffic.live
  }

  get counters(): TrafficCounts {
    return this.#traffic.counters
  }

  get connections(): number {
    return this.#traffic.clients
  }

  /** Accepts nothing more, answers what is under way, then ends. @param deadlineMs after that what is left is cut. */
  async drain(deadlineMs: number): Promise<void> {
    this.#traffic.draining = true
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs)
    })
    await Promise.race([Promise.all(this.#listeners.map((listener) => listener.drain())), deadline])
    clearTimeout(timer)
    this.close()
  }

  /** Cuts everything. */
  close(): void {
    for (const listener of this.#listeners) listener.close()
    this.#traffic.pools.close()
    this.#traffic.ticker.stop()
  }

  #tick(now: number): void {
    this.#wakeWaiting(now)
    this.#releaseEjected(now)
    if (now < this.#windowEnds) return
    this.#windowEnds = now + byLoadFactorWindowMs
    const { live } = this.#traffic
    for (const balancer of this.#snapshot.balancers.keys()) {
      const nodes = [...this.#snapshot.nodes.values()].filter((node) => node.balancer === balancer)
      recalculate(nodes.map((node) => live.of(node.id)))
    }
  }

  #releaseEjected(now: number): void {
    for (const node of this.#snapshot.nodes.values()) {
      const live = this.#traffic.live.of(node.id)
      if (!release(live.outlier, now)) continue
      live.joining = true
      this.#traffic.log.info({ route: node.route }, 'node is chosen again')
    }
  }

  #wakeWaiting(now: number): void {
    for (const exchange of this.#traffic.waiting) exchange.tryAgain(now)
  }
}

/** @throws RangeError for a candidacy function or a trusted network that does not exist. */
export function createProxy(options: ProxyOptions): ReverseProxy {
  return new ReverseProxy(options)
}

function makeTraffic(options: ProxyOptions): Traffic {
  const {
    listen,
    live,
    accessLog,
    log,
    clock = systemClock,
    random,
    timeouts,
    onNodeDown,
    openFiles = openFilesMax(),
    ...given
  } = options
  const settings: ProxySettings = {
    via: newPseudonym(),
    ...defaultSettings,
    ...given,
    timeouts: { ...defaultTimeouts, ...timeouts },
  }
  const table = live ?? new LiveTable()
  const counters = newCounters()
  const logger = log ?? silent
  const buffers = new Buffers()
  const fault = (error: unknown): void => {
    counters.faults++
    // What was being put together belongs to nobody now.
    buffers.answer.clear()
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    logger.error({ reason }, 'fault: a connection was cut')
  }
  const trusted = trustedAddresses(settings.trust)
  return {
    settings,
    clock,
    random: random ?? Math.random,
    log: logger,
    ticker: new Ticker(clock, fault),
    live: table,
    pools: new Pools(),
    candidacy: compose(cascadeOf(settings.candidacy), (name, error) => {
      counters.candidacyFailures++
      logger.error({ name, reason: String(error) }, 'candidacy function failed')
    }),
    accessLog,
    onNodeDown: onNodeDown ?? (() => {}),
    counters,
    retryBudget: new RetryBudget(settings.retryBudget),
    buffers,
    via: viaLines(settings.via),
    exchanges: new ExchangePool(),
    waiting: new Set(),
    room: connectionRoom(openFiles, settings.connectionsMax),
    clients: 0,
    fault,
    isTrusted: (address) =>
      settings.trust.length > 0 && trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
    routes: new Routes(emptySnapshot, table, settings),
    draining: false,
  }
}

/** @throws RangeError for what is neither an address nor a network. */
function trustedAddresses(trust: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of trust) {
    const slash = entry.indexOf('/')
    const address = slash < 0 ? entry : entry.slice(0, slash)
    const prefix = slash < 0 ? undefined : entry.slice(slash + 1)
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    try {
      if (prefix === undefined) list.addAddress(address, family)
      else list.addSubnet(address, prefixOf(prefix), family)
    } catch (cause) {
      throw new RangeError(`trust: not an address or network: ${entry}`, { cause })
    }
  }
  return list
}

/** NaN, which no network has, for what is not a plain number: an empty one would be 0, and that is everybody. */
const prefixOf = (prefix: string): number =>
  /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
