// Draining: DISABLE-APP, the wait for sessions, STOP-APP, the wait for requests in flight; for the whole node before it
// leaves, or for one context before a redeploy. Used by membership.ts.

import { type Clock, systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { pause, waitUntil } from '../base/wait.ts'
import type { AppMessage } from '../wire/mcmp/message.ts'
import type { AgentCheck } from './agent-check.ts'
import type { Links } from './links.ts'
import type { MemberServer, TargetFilter } from './member-server.ts'
import type { ProxyLink } from './proxy-link.ts'
import { type ContextState, contextMessage } from './registration.ts'
import { requestsAtProxy } from './requests-at-proxy.ts'
import type { Settings } from './settings.ts'
import { targetsOf } from './targets-of.ts'
import type { WishCount } from './wish-count.ts'

interface DrainingParts {
  readonly settings: Settings
  readonly server: MemberServer
  readonly links: Links
  /** The states of all contexts, which draining changes. */
  readonly contexts: Map<string, ContextState>
  readonly count: WishCount
  readonly check: AgentCheck | undefined
}

export class Draining {
  readonly #settings: Settings
  readonly #server: MemberServer
  readonly #links: Links
  readonly #contexts: Map<string, ContextState>
  readonly #count: WishCount
  readonly #check: AgentCheck | undefined
  readonly #clock: Clock = systemClock
  readonly #hurried = new AbortController()
  #drained: Promise<void> | undefined

  constructor({ settings, server, links, contexts, count, check }: DrainingParts) {
    this.#settings = settings
    this.#server = server
    this.#links = links
    this.#contexts = contexts
    this.#count = count
    this.#check = check
  }

  /** Drains all contexts, within the deadline of `drain`. The node stays registered. Runs once. */
  drainNode(): Promise<void> {
    this.#drained ??= this.#drainNode()
    return this.#drained
  }

  /** Drains one context, within the deadline of `drain`; it is STOPPED at the end. */
  async drainContext(path: string): Promise<void> {
    const deadline = this.#clock.now() + this.#settings.drain.deadlineMs
    const requests = await this.#stop([path], () => this.#settings.drain.sessions(path), deadline)
    const filter = targetsOf(path, this.#contexts.keys())
    await this.#waitForRequests([path], requests, deadline, filter)
  }

  /** Ends all waits. */
  hurry(): void {
    this.#hurried.abort()
  }

  /** Waits for a promise, at most until `graceMs` after `hurry`; then resolves with `undefined`. */
  async unlessHurried<T>(promise: Promise<T>, graceMs: number): Promise<T | undefined> {
    const done = new AbortController()
    const hurried = new Promise<void>((resolve) => {
      const { signal } = this.#hurried
      const resolveSoon = (): void => void pause(graceMs, done.signal).then(resolve)
      if (signal.aborted) resolveSoon()
      else signal.addEventListener('abort', resolveSoon, { once: true, signal: done.signal })
    })
    try {
      return (await Promise.race([promise, hurried])) ?? undefined
    } finally {
      done.abort()
    }
  }

  async #drainNode(): Promise<void> {
    const { drain } = this.#settings
    const deadline = this.#clock.now() + drain.deadlineMs
    this.#links.beginLeaving()
    const paths = [...this.#contexts.keys()]
    const requests = await this.#stop(paths, () => drain.sessions(), deadline)
    if (drain.strategy !== 'none')
      await this.#check?.seen(this.#hurried.signal, deadline - this.#clock.now())
    this.#server.stopped()
    await this.#waitForRequests(paths, requests, deadline)
  }

  /** DISABLE-APP, the wait for sessions if the strategy has it, STOP-APP. Resolves with the requests in flight. */
  async #stop(paths: readonly string[], sessions: () => number, deadline: number): Promise<number> {
    const { drain, log } = this.#settings
    if (drain.strategy !== 'sessions') return this.#send(['DISABLED', 'STOPPED'], paths, deadline)
    await this.#send(['DISABLED'], paths, deadline)
    if (!(await this.#waitUntil(deadline, () => sessions() === 0)))
      log.warn({ sessions: sessions() }, 'drain deadline reached with sessions left')
    return this.#send(['STOPPED'], paths, deadline)
  }

  /**
   * Waits until neither this process nor the proxies have counted a request for `drainQuietMs`; not at all with the
   * strategy `none`.
   * @param requests in flight at the proxies. @param filter of the requests of this process; default: all.
   */
  async #waitForRequests(
    paths: readonly string[],
    requests: number,
    deadline: number,
    filter?: TargetFilter,
  ): Promise<void> {
    const { drain, log } = this.#settings
    if (drain.strategy === 'none') return
    const upgraded = (): number => this.#server.upgraded(filter)
    const inFlight = (): number => this.#server.inFlight(filter) + (drain.upgraded ? upgraded() : 0)
    // Proxies count upgraded connections as requests in flight.
    const ignored = (): number => (drain.upgraded ? 0 : upgraded())
    let emptySince: number | undefined
    const isDrained = await this.#waitUntil(deadline, async () => {
      if (inFlight() > 0) emptySince = undefined
      else if (requests > ignored()) {
        requests = await this.#send(['STOPPED'], paths, deadline)
        emptySince = undefined
      } else emptySince ??= this.#clock.now()
      return emptySince !== undefined && this.#clock.now() - emptySince >= agentLimits.drainQuietMs
    })
    if (isDrained) return
    const fields = { paths, inFlight: inFlight(), requests }
    log.warn(fields, 'drain deadline reached with requests in flight')
  }

  /** Brings contexts into each of the states in turn, at every proxy; resolves with the requests in flight there. */
  async #send(
    states: readonly ContextState[],
    paths: readonly string[],
    deadline: number,
  ): Promise<number> {
    const messages = states.flatMap((state) => {
      const order = this.#count.next()
      return paths.map((path) => ({ ...contextMessage(this.#settings, path, state), order }))
    })
    const last = states.at(-1)
    for (const path of paths) if (last !== undefined) this.#contexts.set(path, last)
    const leftMs = deadline - this.#clock.now()
    const deadlineMs = Math.min(agentLimits.messageMs, Math.max(agentLimits.removeMs, leftMs))
    const sent = this.#links.all.map((link) => this.#sendTo(link, messages, deadlineMs))
    const requests = (await this.unlessHurried(Promise.all(sent), 0)) ?? []
    return requests.reduce((sum, atProxy) => sum + atProxy, 0)
  }

  #sendTo(link: ProxyLink, messages: readonly AppMessage[], deadlineMs: number): Promise<number> {
    const { countsRequests } = this.#server
    return requestsAtProxy(link, messages, deadlineMs, this.#settings.config.route, countsRequests)
  }

  #waitUntil(deadline: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
    return waitUntil(condition, {
      withinMs: deadline - this.#clock.now(),
      everyMs: agentLimits.drainPollMs,
      clock: this.#clock,
      signal: this.#hurried.signal,
    })
  }
}
