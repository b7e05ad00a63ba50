// This node's side of one proxy: one connection, one message at a time, one state. Every proxy has a
// link of its own, so one that hangs delays nobody else. Membership (membership.ts) starts the links,
// feeds them load factors and takes them through the leaving.

import type { Random } from '../base/clock.ts'
import { hostPortText } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { plainAddress } from '../net/address.ts'
import { McmpClient, type ProxyTarget, type SendResult } from '../net/mcmp-client.ts'
import type { AppMessage } from '../wire/mcmp/message.ts'
import { parseInfo } from '../wire/mcmp/parse-info.ts'
import { parseReply } from '../wire/mcmp/reply.ts'
import {
  firstLinkState,
  type LinkEvent,
  type LinkState,
  nextLinkState,
  retryDelayMs,
} from './link-state.ts'
import { registrationMessages, removeNode, type Wanted } from './registration.ts'

export interface LinkOptions {
  readonly proxy: ProxyTarget
  /** What the proxy asks for, if it does. */
  readonly secret: string | undefined
  readonly reportIntervalMs: number
  /** What the proxy shall know, asked for anew at each registration; `localAddress` is this end of the connection. */
  wanted(localAddress: string): Wanted
  /** The load factor to report, -1..100. */
  load(): number
  readonly random: Random
  readonly log: Logger
  changed(state: LinkState): void
}

export class ProxyLink {
  readonly name: string
  state: LinkState = firstLinkState
  readonly #options: LinkOptions
  readonly #client: McmpClient
  readonly #abort = new AbortController()
  #chain: Promise<unknown> = Promise.resolve()
  #queued = 0
  #reportQueued = false
  #retry: NodeJS.Timeout | undefined
  #firstTry: () => void = () => {}
  /** Settled when the proxy has registered this node, or has failed to for the first time. */
  readonly tried: Promise<void>

  constructor(options: LinkOptions) {
    this.#options = options
    this.#client = new McmpClient(options.proxy, options.secret)
    this.name = hostPortText(options.proxy)
    this.tried = new Promise((resolve) => {
      this.#firstTry = resolve
    })
  }

  start(): void {
    this.#discoverIn(0)
  }

  /** Sends the load factor when this node is registered there and no older report is still waiting. */
  report(): void {
    if (!this.#isKnown || this.#reportQueued) return
    this.#reportQueued = true
    void this.#enqueue(async () => {
      this.#reportQueued = false
      if (this.#isKnown) await this.#status()
    })
  }

  /** A node that drains goes on to report: a proxy would take it for silent otherwise. */
  get #isKnown(): boolean {
    return this.state.kind === 'report' || this.state.kind === 'drain'
  }

  /** Sends messages in their order if the proxy has this node registered; the answers, none otherwise. */
  tell(
    messages: readonly AppMessage[],
    deadlineMs: number = agentLimits.messageMs,
  ): Promise<SendResult[]> {
    const sent = this.#enqueue(async () => {
      const results: SendResult[] = []
      for (const message of messages) {
        if (!this.#isKnown) break
        const result = await this.#client.send(message, { deadlineMs, signal: this.#abort.signal })
        results.push(result)
        if (result.ok) continue
        this.#failed(result.error.message)
        break
      }
      return results
    })
    return sent.then((results) => results ?? [])
  }

  /** From now on nothing is registered anew; what is being sent is finished first. */
  beginLeaving(): void {
    clearTimeout(this.#retry)
    const absent = { kind: 'left', reason: 'was not registered' } as const
    if (this.state.kind === 'discover') {
      this.#move(absent)
      this.#abort.abort()
    }
    void this.#enqueue(async () =>
      this.#move(this.state.kind === 'report' ? { kind: 'leave' } : absent),
    )
  }

  /** REMOVE-APP for the whole node, then the end of the connection. */
  async remove(route: string, deadlineMs: number): Promise<void> {
    const [result] = await this.tell([removeNode(route)], deadlineMs)
    this.#move(
      result?.ok === false ? { kind: 'left', reason: result.error.message } : { kind: 'left' },
    )
    this.close()
  }

  /** Cuts everything short. */
  close(): void {
    clearTimeout(this.#retry)
    this.#move({ kind: 'left' })
    this.#abort.abort()
    this.#client.close()
  }

  async #register(): Promise<void> {
    if (this.state.kind !== 'discover') return
    const signal = this.#abort.signal
    const answer = await this.#client.send({ method: 'INFO', xml: false }, { signal })
    if (!answer.ok) return this.#failed(answer.error.message)
    const read = parseInfo(answer.body)
    if (!read.ok) {
      const detail = { proxy: this.name, problem: read.problem }
      this.#options.log.warn(
        detail,
        'the INFO of a proxy is not understood: everything is sent to it',
      )
    }
    this.#move({ kind: 'informed' })
    const wanted = this.#options.wanted(plainAddress(this.#client.localAddress ?? '127.0.0.1'))
    for (const message of registrationMessages(wanted, read.ok ? read.info : undefined)) {
      const result = await this.#client.send(message, { signal })
      if (!result.ok) return this.#failed(result.error.message)
    }
    await this.#status()
  }

  async #status(): Promise<void> {
    const { route } = this.#options.wanted('').config
    const load = this.#options.load()
    const signal = this.#abort.signal
    const answer = await this.#client.send({ method: 'STATUS', route, load }, { signal })
    if (!answer.ok) return this.#failed(answer.error.message)
    const reply = parseReply(answer.body)
    const reachable = reply.get('State') !== 'NOTOK'
    this.#move({ kind: 'reported', reachable, id: reply.get('id') })
    if (this.state.kind === 'discover') this.#discoverIn(0)
  }

  #failed(reason: string): void {
    this.#move({ kind: 'failed', reason })
    if (this.state.kind !== 'discover') return
    const { reportIntervalMs, random } = this.#options
    this.#discoverIn(retryDelayMs(this.state.failures, reportIntervalMs, random))
  }

  #discoverIn(delayMs: number): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#enqueue(() => this.#register()), delayMs)
    this.#retry.unref()
  }

  #move(event: LinkEvent): void {
    const before = this.state
    this.state = nextLinkState(before, event)
    if (this.state === before) return
    if (this.state.kind !== 'register') this.#firstTry()
    this.#options.changed(this.state)
  }

  /** One after the other; undefined when too many wait already. */
  #enqueue<T>(job: () => Promise<T>): Promise<T | undefined> {
    if (this.#queued >= agentLimits.queueMax) return Promise.resolve(undefined)
    this.#queued++
    const run = this.#chain.then(job).finally(() => {
      this.#queued--
    })
    this.#chain = run.catch((error: unknown) => {
      this.#options.log.error(
        { proxy: this.name, err: error },
        'a message to a proxy failed unexpectedly',
      )
    })
    return run
  }
}
