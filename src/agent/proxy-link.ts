// The link to one proxy: one connection, one message at a time, one state. Every proxy has a link of its own, so a proxy
// that hangs delays no other. links.ts starts the links; membership.ts sends reports and messages through them.

import type { Random } from '../base/clock.ts'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import { agentLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { isLoopback, plainAddress } from '../net/address.ts'
import { McmpClient, type ProxyTarget, type SendResult } from '../net/mcmp-client.ts'
import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import type { AppMessage, NodeOrder, QueryMessage, StatusMessage } from '../wire/mcmp/message.ts'
import { parseInfo } from '../wire/mcmp/parse-info.ts'
import { parseReply } from '../wire/mcmp/reply.ts'
import {
  firstLinkState,
  type LinkEvent,
  type LinkState,
  nextLinkState,
  retryDelayMs,
} from './link-state.ts'
import { type Registration, registrationMessages, removeNode } from './registration.ts'

export const infoMessage: QueryMessage = { method: 'INFO', xml: false }

interface LinkOptions {
  readonly proxy: ProxyTarget
  /** The shared secret, if the proxy may receive it. */
  readonly secret: string | undefined
  readonly route: string
  readonly reportIntervalMs: number
  /** Called at each registration. @param localAddress of the connection to the proxy. */
  registration(localAddress: string): Registration
  /** Of what this node wants now. */
  order(): NodeOrder
  /** The proxy knows a later process of this node. */
  outdated(known: NodeOrder): void
  /** The load factor to report, -1..100. */
  load(): number
  /** The values behind it. */
  metrics(): readonly MetricValue[]
  /** Whether it comes from default metrics alone. */
  readonly isDefaultLoad: boolean
  readonly random: Random
  readonly log: Logger
  /** @param address of this node in its last registration, as host:port. */
  changed(before: LinkState, state: LinkState, address: string | undefined): void
}

export class ProxyLink {
  readonly name: string
  state: LinkState = firstLinkState
  readonly #options: LinkOptions
  readonly #client: McmpClient
  readonly #abort = new AbortController()
  /** Resolves when the last message in the queue is done. */
  #queue: Promise<unknown> = Promise.resolve()
  #queued = 0
  #isReportQueued = false
  /** In the last registration. */
  #address: HostPort | undefined
  #isWarned = false
  #retry: NodeJS.Timeout | undefined
  #resolveTried: () => void = () => {}
  /** Resolves when the proxy has registered this node or the first attempt has failed. */
  readonly tried: Promise<void>

  constructor(options: LinkOptions) {
    this.#options = options
    this.#client = new McmpClient(options.proxy, options.secret)
    this.name = hostPortText(options.proxy)
    this.tried = new Promise((resolve) => {
      this.#resolveTried = resolve
    })
  }

  /** @param inherited the state of the link of another process, which has registered this node. */
  start(inherited?: LinkState): void {
    if (inherited?.kind === 'report') {
      this.state = inherited
      this.#resolveTried()
    }
    this.#registerIn(0)
  }

  /** Sends the load factor if this node is registered and no earlier report is still queued. */
  report(): void {
    if (!this.#isRegistered || this.#isReportQueued) return
    this.#isReportQueued = true
    void this.#enqueue(async () => {
      this.#isReportQueued = false
      if (this.#isRegistered) await this.#sendStatus()
    })
  }

  /** Sends messages in order if this node is registered; resolves with their results, up to the first failure. */
  async send(
    messages: readonly (AppMessage | QueryMessage)[],
    deadlineMs: number = agentLimits.messageMs,
  ): Promise<readonly SendResult[]> {
    const results: SendResult[] = []
    await this.#enqueue(async () => {
      for (const message of messages) {
        if (!this.#isRegistered) return
        const result = await this.#client.send(message, { deadlineMs, signal: this.#abort.signal })
        results.push(result)
        if (!result.ok) return this.#fail(result.error.message)
        if (result.known !== undefined) this.#options.outdated(result.known)
      }
    })
    return results
  }

  /** Ends all attempts to register; a message in progress is finished first. */
  beginLeaving(): void {
    clearTimeout(this.#retry)
    const absent = { kind: 'left', reason: 'was not registered' } as const
    if (this.state.kind === 'discover') {
      this.#change(absent)
      this.#abort.abort()
    }
    void this.#enqueue(async () =>
      this.#change(this.state.kind === 'report' ? { kind: 'leave' } : absent),
    )
  }

  /** Registers once more what is registered. */
  renew(): void {
    if (this.state.kind === 'report') this.#registerIn(0)
  }

  /** Sends REMOVE-APP for the whole node and ends the link. */
  async remove(deadlineMs: number, order: NodeOrder): Promise<void> {
    const message = { ...removeNode(this.#options.route), order }
    const [result] = await this.send([message], deadlineMs)
    this.#change(
      result?.ok === false ? { kind: 'left', reason: result.error.message } : { kind: 'left' },
    )
    this.close()
  }

  /** Ends the link at once. */
  close(): void {
    clearTimeout(this.#retry)
    this.#change({ kind: 'left' })
    this.#abort.abort()
    this.#client.close()
  }

  /** A node that drains continues to report; without reports the proxy would treat it as silent. */
  get #isRegistered(): boolean {
    return this.state.kind === 'report' || this.state.kind === 'drain'
  }

  /**
   * The steps of a registration: INFO, the messages that are missing, the first load report. An inherited registration is
   * completed the same way, because this process may serve other contexts.
   */
  async #register(): Promise<void> {
    if (this.state.kind !== 'discover' && this.state.kind !== 'report') return
    const { signal } = this.#abort
    const reply = await this.#client.send(infoMessage, { signal })
    if (!reply.ok) return this.#fail(reply.error.message)
    const read = parseInfo(reply.body)
    if (!read.ok) {
      const detail = { proxy: this.name, problem: read.problem }
      this.#options.log.warn(detail, 'INFO of proxy not understood; registering all contexts')
    }
    this.#change({ kind: 'informed' })
    const localAddress = plainAddress(this.#client.localAddress ?? '127.0.0.1')
    const registration = this.#options.registration(localAddress)
    const order = this.#options.order()
    this.#address = addressOf(registration)
    this.#warnOfLoopback()
    for (const message of registrationMessages(registration, read.ok ? read.info : undefined)) {
      const result = await this.#client.send({ ...message, order }, { signal })
      if (!result.ok) return this.#fail(result.error.message)
      if (result.known !== undefined) this.#options.outdated(result.known)
    }
    await this.#sendStatus()
  }

  async #sendStatus(): Promise<void> {
    const { route, isDefaultLoad } = this.#options
    const { signal } = this.#abort
    const message: StatusMessage = {
      method: 'STATUS',
      route,
      load: this.#options.load(),
      metrics: this.#options.metrics(),
      ...(isDefaultLoad ? { isDefaultLoad } : {}),
    }
    const result = await this.#client.send(message, { signal })
    if (!result.ok) return this.#fail(result.error.message)
    const reply = parseReply(result.body)
    const reachable = reply.get('State') !== 'NOTOK'
    const reason = reachable ? undefined : result.reason
    this.#change({ kind: 'reported', reachable, reason, id: reply.get('id') })
    if (this.state.kind === 'discover') this.#registerIn(0)
  }

  /** Once: the address that is registered leads the proxy to itself. */
  #warnOfLoopback(): void {
    const { localAddress, remoteAddress } = this.#client
    const isElsewhere = remoteAddress !== localAddress
    if (this.#address === undefined || !isLoopback(this.#address.host) || !isElsewhere) return
    if (this.#isWarned) return
    this.#isWarned = true
    const { route, log } = this.#options
    const fields = { proxy: this.name, route, address: hostPortText(this.#address), remedy }
    log.warn(fields, 'loopback address registered with a proxy on another machine')
  }

  #fail(reason: string): void {
    this.#change({ kind: 'failed', reason })
    if (this.state.kind !== 'discover') return
    const { reportIntervalMs, random } = this.#options
    this.#registerIn(retryDelayMs(this.state.failures, reportIntervalMs, random))
  }

  #registerIn(delayMs: number): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#enqueue(() => this.#register()), delayMs)
    this.#retry.unref()
  }

  #change(event: LinkEvent): void {
    const before = this.state
    this.state = nextLinkState(before, event)
    if (this.state === before) return
    if (this.state.kind !== 'register') this.#resolveTried()
    const address = this.#address && hostPortText(this.#address)
    this.#options.changed(before, this.state, address)
  }

  /** Runs jobs one after the other; drops a job when too many wait. Never rejects. */
  async #enqueue(job: () => Promise<void>): Promise<void> {
    if (this.#queued >= agentLimits.queueMax) return
    this.#queued++
    const run = this.#queue.then(job).catch((error: unknown) => {
      this.#options.log.error({ proxy: this.name, err: error }, 'fault: message to proxy lost')
    })
    this.#queue = run
    await run
    this.#queued--
  }
}

const remedy = 'listen on an address that the proxy reaches, and set host if it is another one'

const addressOf = ({ host, config }: Registration): HostPort | undefined =>
  config.port === undefined ? undefined : { host, port: config.port }
