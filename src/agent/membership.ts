// This node's place in the cluster: a link to every proxy, the states of its contexts, the load factor
// in its interval, and the way out (DISABLE, wait, STOP, wait, REMOVE). Knows nothing of the server
// behind it: join-cluster.ts has one in this process, sidecar.ts one in another.

import { type Clock, systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { pause, waitUntil } from '../base/wait.ts'
import type { SendResult } from '../net/mcmp-client.ts'
import { parseReply } from '../wire/mcmp/reply.ts'
import type { LinkState } from './link-state.ts'
import { Links } from './links.ts'
import type { Settings } from './options.ts'
import { allEnabled } from './options.ts'
import { type ContextState, contextMessage, type Wanted } from './registration.ts'

/** What the membership must know of the server behind it. */
export interface Served {
  /** Requests in hand, as far as this process can see them. */
  inFlight(): number
  /** Upgraded connections. */
  upgraded(): number
  /** The next load factor, -1..100. */
  load(): number
  /** Called when every proxy has been told to send nothing more. */
  stopped(): void
}

/** Where one proxy stands; `state` as in link-state.ts. */
export interface ProxyStatus {
  /** `host:port` as connected to. */
  readonly proxy: string
  readonly state: LinkState
}

export class Membership {
  readonly #settings: Settings
  readonly #served: Served
  readonly #clock: Clock
  readonly #links: Links
  readonly #contexts: Map<string, ContextState>
  readonly #now = new AbortController()
  #load: number
  #reports: NodeJS.Timeout | undefined
  #drained: Promise<void> | undefined
  #left: Promise<void> | undefined

  /** `boundHost`: the address listened on, unless it is a wildcard. */
  constructor(
    settings: Settings,
    served: Served,
    boundHost: string | undefined,
    changed: () => void,
  ) {
    this.#settings = settings
    this.#served = served
    this.#clock = systemClock
    this.#contexts = allEnabled(settings.contexts)
    this.#load = served.load()
    const { config, aliases, log, reportIntervalMs, secret } = settings
    const wanted = (localAddress: string): Wanted => {
      const host = settings.host ?? boundHost ?? localAddress
      return { config, host, aliases, contexts: this.#contexts }
    }
    const load = (): number => this.#load
    const options = { wanted, load, random: Math.random, log, reportIntervalMs, secret }
    this.#links = new Links(settings, options, changed)
  }

  get status(): ProxyStatus[] {
    return this.#links.all.map((link) => ({ proxy: link.name, state: link.state }))
  }

  /** Path to state, as this node wants it. */
  get contexts(): ReadonlyMap<string, ContextState> {
    return this.#contexts
  }

  get registered(): boolean {
    return this.#links.all.some((link) => link.state.kind === 'report')
  }

  /** Starts all links; settled when each has registered this node or failed to for the first time. */
  async join(): Promise<void> {
    this.#reports = setInterval(() => this.reportNow(), this.#settings.reportIntervalMs)
    this.#reports.unref()
    await this.#links.start()
  }

  /** Settled when every registered proxy has answered; the others learn it when they register this node. */
  async setContext(path: string, state: ContextState | 'REMOVED'): Promise<void> {
    if (state === 'REMOVED') this.#contexts.delete(path)
    else this.#contexts.set(path, state)
    const message = contextMessage(this.#settings, path, state)
    await Promise.all(this.#links.all.map((link) => link.tell([message])))
  }

  /**
   * No new sessions, then no new requests, and everything in hand finished: DISABLE-APP and STOP-APP
   * on every context, with the waiting that `drain` asks for. Stays registered. Runs once.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  /**
   * The same for one context, as before a redeploy: it is STOPPED at the end. Its requests are counted by the
   * proxies alone; those that do not tell how many there are are not waited for.
   */
  async drainContext(path: string): Promise<void> {
    const { drain, log } = this.#settings
    const end = this.#clock.now() + drain.deadlineMs
    let requests = await this.#halt([path], () => drain.sessions(path), end)
    if (drain.strategy === 'none') return
    const empty = await this.#until(end, async () => {
      if (requests > 0) requests = await this.#all(['STOPPED'], [path], end)
      return requests === 0
    })
    if (!empty) log.warn({ path, requests }, 'requests are left at the end of the drain time')
  }

  /** Drains, then REMOVE-APP for the whole node at every proxy. Final; runs once. */
  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }

  /** Ends every waiting of `drain` and `leave` now. */
  hurry(): void {
    this.#now.abort()
  }

  async #drain(): Promise<void> {
    const { drain, log } = this.#settings
    const end = this.#clock.now() + drain.deadlineMs
    this.#links.beginLeaving()
    const paths = [...this.#contexts.keys()]
    let requests = await this.#halt(paths, () => drain.sessions(), end)
    this.#served.stopped()
    if (drain.strategy === 'none') return
    let emptySince: number | undefined
    const empty = await this.#until(end, async () => {
      if (this.#open() > 0) emptySince = undefined
      else if (requests > this.#allowed()) {
        requests = await this.#all(['STOPPED'], paths, end)
        emptySince = undefined
      } else emptySince ??= this.#clock.now()
      return emptySince !== undefined && this.#clock.now() - emptySince >= agentLimits.drainQuietMs
    })
    if (!empty)
      log.warn({ inFlight: this.#open() }, 'requests are left at the end of the drain time')
  }

  /** No new sessions, the sessions waited for if that is asked for, then no requests; how many the proxies have in flight. */
  async #halt(paths: readonly string[], sessions: () => number, end: number): Promise<number> {
    const { drain, log } = this.#settings
    if (drain.strategy !== 'sessions') return this.#all(['DISABLED', 'STOPPED'], paths, end)
    await this.#all(['DISABLED'], paths, end)
    if (!(await this.#until(end, () => sessions() === 0)))
      log.warn({ sessions: sessions() }, 'sessions are left at the end of the drain time')
    return this.#all(['STOPPED'], paths, end)
  }

  #until(end: number, done: () => boolean | Promise<boolean>): Promise<boolean> {
    return waitUntil(done, {
      withinMs: end - this.#clock.now(),
      everyMs: agentLimits.drainPollMs,
      clock: this.#clock,
      signal: this.#now.signal,
    })
  }

  async #leave(): Promise<void> {
    await this.drain()
    clearInterval(this.#reports)
    // However late it is, a proxy that answers gets the time to hear that this node is gone.
    const { route } = this.#settings.config
    const gone = this.#links.all.map((link) => link.remove(route, agentLimits.removeMs))
    await this.#unlessHurried(Promise.all(gone), agentLimits.hurriedMs)
    this.#links.close()
  }

  /** The promise, or nothing `graceMs` after `hurry`. */
  async #unlessHurried<T>(promise: Promise<T>, graceMs: number): Promise<T | undefined> {
    const over = new AbortController()
    const hurried = new Promise<void>((resolve) => {
      const soon = (): void => void pause(graceMs, over.signal).then(resolve)
      if (this.#now.signal.aborted) soon()
      else this.#now.signal.addEventListener('abort', soon, { once: true, signal: over.signal })
    })
    try {
      return (await Promise.race([promise, hurried])) ?? undefined
    } finally {
      over.abort()
    }
  }

  /** Requests in hand here that the node waits for. */
  #open(): number {
    const upgraded = this.#settings.drain.upgraded ? this.#served.upgraded() : 0
    return this.#served.inFlight() + upgraded
  }

  /** What proxies may count as requests in flight and is not waited for. */
  #allowed(): number {
    return this.#settings.drain.upgraded ? 0 : this.#served.upgraded()
  }

  /**
   * Brings the contexts into these states, one after the other, at every proxy for itself; how many
   * requests the proxies have in flight there.
   */
  async #all(
    states: readonly ContextState[],
    paths: readonly string[],
    end: number,
  ): Promise<number> {
    const messages = states.flatMap((state) =>
      paths.map((path) => contextMessage(this.#settings, path, state)),
    )
    const last = states.at(-1)
    for (const path of paths) if (last !== undefined) this.#contexts.set(path, last)
    const left = end - this.#clock.now()
    const deadlineMs = Math.min(agentLimits.messageMs, Math.max(agentLimits.removeMs, left))
    const sent = this.#links.all.map((link) => link.tell(messages, deadlineMs))
    const answers = (await this.#unlessHurried(Promise.all(sent), 0)) ?? []
    return answers.map(requestsIn).reduce((sum, requests) => sum + requests, 0)
  }

  /** A load report now instead of at the end of the interval. */
  reportNow(): void {
    this.#load = this.#served.load()
    for (const link of this.#links.all) link.report()
  }
}

/** STOP-APP answers carry `Requests=n` of the context; anything else counts as 0. */
function requestsIn(results: readonly SendResult[]): number {
  let sum = 0
  for (const result of results) {
    const requests = result.ok ? Number(parseReply(result.body).get('Requests')) : 0
    if (requests > 0) sum += requests
  }
  return sum
}
