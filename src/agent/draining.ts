// Draining: DISABLE-APP, the wait for sessions, STOP-APP, the wait for requests in flight; for the whole node before it
// leaves, or for one context before a redeploy. Used by membership.ts.

import { type Clock, systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { pause, waitUntil } from '../base/wait.ts'
import type { SendResult } from '../net/mcmp-client.ts'
import { parseReply } from '../wire/mcmp/reply.ts'
import type { Links } from './links.ts'
import type { MemberServer } from './member-server.ts'
import { type ContextState, contextMessage } from './registration.ts'
import type { Settings } from './settings.ts'

export class Draining {
  readonly #settings: Settings
  readonly #server: MemberServer
  readonly #links: Links
  readonly #contexts: Map<string, ContextState>
  readonly #clock: Clock = systemClock
  readonly #hurried = new AbortController()
  #drained: Promise<void> | undefined

  /** @param contexts the states of all contexts, which draining changes. */
  constructor(
    settings: Settings,
    server: MemberServer,
    links: Links,
    contexts: Map<string, ContextState>,
  ) {
    this.#settings = settings
    this.#server = server
    this.#links = links
    this.#contexts = contexts
  }

  /** Drains all contexts, within the deadline of `drain`. The node stays registered. Runs once. */
  drainNode(): Promise<void> {
    this.#drained ??= this.#drainNode()
    return this.#drained
  }

  /**
   * Drains one context; it is STOPPED at the end. Only the proxies count its requests, so those of a proxy that does not
   * report the number are not waited for.
   */
  async drainContext(path: string): Promise<void> {
    const { drain, log } = this.#settings
    const deadline = this.#clock.now() + drain.deadlineMs
    let requests = await this.#stop([path], () => drain.sessions(path), deadline)
    if (drain.strategy === 'none') return
    const isEmpty = await this.#waitUntil(deadline, async () => {
      if (requests > 0) requests = await this.#send(['STOPPED'], [path], deadline)
      return requests === 0
    })
    if (!isEmpty) log.warn({ path, requests }, 'drain deadline reached with requests in flight')
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
    const { drain, log } = this.#settings
    const deadline = this.#clock.now() + drain.deadlineMs
    this.#links.beginLeaving()
    const paths = [...this.#contexts.keys()]
    const requests = await this.#stop(paths, () => drain.sessions(), deadline)
    this.#server.stopped()
    if (drain.strategy === 'none') return
    if (await this.#waitForRequests(paths, requests, deadline)) return
    log.warn({ inFlight: this.#inFlight() }, 'drain deadline reached with requests in flight')
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
   * Waits until neither this process nor the proxies have counted a request for `drainQuietMs`.
   * @param requests in flight at the proxies. @returns false at the deadline.
   */
  #waitForRequests(paths: readonly string[], requests: number, deadline: number): Promise<boolean> {
    let emptySince: number | undefined
    return this.#waitUntil(deadline, async () => {
      if (this.#inFlight() > 0) emptySince = undefined
      else if (requests > this.#ignored()) {
        requests = await this.#send(['STOPPED'], paths, deadline)
        emptySince = undefined
      } else emptySince ??= this.#clock.now()
      return emptySince !== undefined && this.#clock.now() - emptySince >= agentLimits.drainQuietMs
    })
  }

  /** Requests in flight here that have to end. */
  #inFlight(): number {
    const upgraded = this.#settings.drain.upgraded ? this.#server.upgraded() : 0
    return this.#server.inFlight() + upgraded
  }

  /** Upgraded connections that proxies count as requests in flight, and that are not waited for. */
  #ignored(): number {
    return this.#settings.drain.upgraded ? 0 : this.#server.upgraded()
  }

  /** Brings contexts into each of the states in turn, at every proxy; resolves with the requests in flight there. */
  async #send(
    states: readonly ContextState[],
    paths: readonly string[],
    deadline: number,
  ): Promise<number> {
    const messages = states.flatMap((state) =>
      paths.map((path) => contextMessage(this.#settings, path, state)),
    )
    const last = states.at(-1)
    for (const path of paths) if (last !== undefined) this.#contexts.set(path, last)
    const leftMs = deadline - this.#clock.now()
    const deadlineMs = Math.min(agentLimits.messageMs, Math.max(agentLimits.removeMs, leftMs))
    const sent = this.#links.all.map((link) => link.send(messages, deadlineMs))
    const results = (await this.unlessHurried(Promise.all(sent), 0)) ?? []
    return results.map(requestsIn).reduce((sum, requests) => sum + requests, 0)
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

/** Replies to STOP-APP have `Requests=n` of the context; replies without it count as 0. */
function requestsIn(results: readonly SendResult[]): number {
  let sum = 0
  for (const result of results) {
    const requests = result.ok ? Number(parseReply(result.body).get('Requests')) : 0
    if (requests > 0) sum += requests
  }
  return sum
}
