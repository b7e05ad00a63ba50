// The path of an MCMP message: parse, probe, apply to the registry, publish the changes, reply (mcmp.md 1.5,
// decisions 8, 26, 31, 49, 57). Called by the responder, and by the manager page for its actions.

import type { Adjustment } from '../cluster/orders.ts'
import type { Facts } from '../cluster/registry/facts.ts'
import { isOperators } from '../cluster/registry/operator.ts'
import { findNode, type Snapshot } from '../cluster/snapshot.ts'
import { isWildcard, plainAddress, unixClient } from '../net/address.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'
import { loadMetricsField } from '../wire/mcmp/load-metrics.ts'
import { loadSourceField } from '../wire/mcmp/load-source.ts'
import type { AppMessage, Message, Method, StatusMessage } from '../wire/mcmp/message.ts'
import { orderField } from '../wire/mcmp/node-order.ts'
import { parseMessage } from '../wire/mcmp/parse.ts'
import type { Parsed } from '../wire/mcmp/parsed.ts'
import { problem } from '../wire/mcmp/problem.ts'
import { type Reply, saysNotOk, stopReply } from '../wire/mcmp/reply.ts'
import { senderField } from '../wire/mcmp/sender.ts'
import type { Cause } from './cluster-log.ts'
import { DeferredEnables } from './deferred-enables.ts'
import { NodeProbes } from './node-probes.ts'
import type { ControlSettings } from './options.ts'
import { publishChanges, recordStatus } from './record.ts'
import { requestsLeft } from './requests-left.ts'
import type { Publish, Taken } from './sharing.ts'

export class MessageHandler {
  readonly #settings: ControlSettings
  readonly #probes: NodeProbes
  readonly #deferred: DeferredEnables
  #inProgress = 0
  #isOver = false

  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#probes = new NodeProbes(settings)
    this.#deferred = new DeferredEnables(
      () => settings.registry.snapshot,
      (message) => this.#applyOrFail(message, undefined),
    )
  }

  /** From the bytes of a request to the reply. @param remote address of the sender. Never rejects. */
  async handle(request: FramedRequest, method: Method, remote: string): Promise<Reply> {
    const parsed = parse(request, method)
    if (!parsed.ok) return parsed
    if (parsed.ignored !== undefined)
      this.#settings.log.warn({ remote, fields: parsed.ignored }, 'message values ignored')
    const message = withRemoteAddress(parsed.message, remote)
    return this.#deferred.defer(message) ?? this.execute(message, plainAddress(remote))
  }

  /** @param from remote address of the sender; absent: the message is the proxy's own. Never rejects. */
  async execute(message: Message, from?: string): Promise<Reply> {
    await this.#deferred.flush()
    return this.#applyOrFail(message, from)
  }

  /** Changes the orders of an operator for a node as a whole. @param from address of the operator. Never rejects. */
  async adjust(adjustment: Adjustment, from: string): Promise<Reply> {
    await this.#deferred.flush()
    if (this.#isOver) return takenOver
    this.#inProgress += 1
    try {
      const { registry, log, sharing } = this.#settings
      const before = registry.snapshot
      const { reply, changes, warnings } = registry.adjust(adjustment)
      for (const warning of warnings) log.warn({}, warning)
      await publishChanges(this.#settings, before, changes, { by: 'operator', from })
      sharing?.shareOwn(changes, before)
      return reply
    } catch (error) {
      this.#settings.log.error({ error }, 'order failed')
      return problem('GENERAL', 'GENERAL: the order failed')
    } finally {
      this.#inProgress -= 1
    }
  }

  get isIdle(): boolean {
    return this.#inProgress === 0
  }

  /** Applies the messages that were deferred. */
  flush(): Promise<void> {
    return this.#deferred.flush()
  }

  /** Refuses all messages from now on, since another process has the registry; `false` allows them again. */
  end(isOver: boolean): void {
    this.#isOver = isOver
  }

  /** A fault of ours is a general error, which nodes retry. Never rejects. */
  async #applyOrFail(message: Message, from: string | undefined): Promise<Reply> {
    if (this.#isOver) return takenOver
    const { method } = message
    this.#inProgress += 1
    try {
      return await this.#apply(message, from)
    } catch (error) {
      this.#settings.log.error({ error, method }, 'message failed')
      return problem('GENERAL', `GENERAL: ${method} failed`)
    } finally {
      this.#inProgress -= 1
    }
  }

  /** The steps of a message: check the address, probe, apply, publish the changes, reply. */
  async #apply(message: Message, from: string | undefined): Promise<Reply> {
    const { registry, clock, live, log, traffic } = this.#settings
    if (message.method === 'INFO') await traffic.refresh()
    const isAllowed = await this.#isAllowed(message)
    if (!isAllowed && message.method === 'CONFIG') return addressRefused(message.route)
    // An address that may not be probed counts as one that does not answer.
    const answers = isAllowed ? await this.#probes.answersFor(message) : noAnswers
    const before = registry.snapshot
    if (message.method === 'STATUS') this.#recordStatus(message)
    const sender = from === undefined ? {} : { from }
    const facts = { now: clock.now(), ...sender, answers, live: (id: number) => live.of(id) }
    const cause = causeOf(message, before, sender)
    const { reply, warnings, known, requests } = await this.#take(message, facts, cause)
    for (const warning of warnings) log.warn({ method: message.method }, warning)
    if (known !== undefined && reply.ok) return { ...reply, order: [known[0], known[1]] }
    if (message.method === 'STATUS') return this.#withReason(message, reply)
    return message.method === 'STOP-APP' ? this.#withRequestsLeft(message, reply, requests) : reply
  }

  /** Puts a message in force here, or at all proxies that share the registry. */
  async #take(message: Message, facts: Facts, cause: Cause): Promise<Taken> {
    const { registry, sharing } = this.#settings
    const publish: Publish = (before, changes) =>
      publishChanges(this.#settings, before, changes, cause)
    if (sharing !== undefined) return sharing.apply(message, facts, publish)
    const before = registry.snapshot
    const { reply, changes, warnings } = registry.apply(message, facts)
    await publish(before, changes)
    return { reply, warnings, isShared: false }
  }

  /** Whether nodes may be at the address that a message names. */
  async #isAllowed(message: Message): Promise<boolean> {
    const { mayRegister } = this.#settings.checks
    if (message.method === 'CONFIG') return mayRegister(message.host ?? 'localhost')
    if (message.method !== 'PING' || message.route !== undefined) return true
    return message.address === undefined || mayRegister(message.address.host)
  }

  #recordStatus({ route, metrics }: StatusMessage): void {
    const node = findNode(this.#settings.registry.snapshot, route)
    if (node?.removal === 'none') recordStatus(this.#settings, node, metrics)
  }

  /** Adds why the node cannot be reached to `State=NOTOK`. */
  #withReason(message: Message, reply: Reply): Reply {
    if (!reply.ok || !saysNotOk(reply.body)) return reply
    const reason = this.#probes.reasonFor(message)
    return reason === undefined ? reply : { ...reply, reason }
  }

  /**
   * Counts the requests in flight anew: some were sent to the node before the stop reached the traffic.
   * @param elsewhere those of other proxies.
   */
  async #withRequestsLeft(
    message: AppMessage,
    reply: Reply,
    elsewhere: number = 0,
  ): Promise<Reply> {
    const { registry, live, traffic } = this.#settings
    const node = findNode(registry.snapshot, message.route)
    if (!reply.ok || message.wildcard || node === undefined) return reply
    const { route, aliases, contexts } = message
    const requests = await requestsLeft(live, traffic.refresh, node.id, contexts)
    return stopReply(route, aliases, contexts, requests + elsewhere)
  }
}

/** Who sends a message, for the log. */
function causeOf(message: Message, before: Snapshot, from: { readonly from?: string }): Cause {
  const node = isAppMessage(message) ? findNode(before, message.route) : undefined
  const isOrder = isAppMessage(message) && node !== undefined && isOperators(message, node, from)
  return { by: isOrder ? 'operator' : 'node', ...from }
}

const isAppMessage = (message: Message): message is AppMessage => 'wildcard' in message

const takenOver: Reply = problem('MEM', 'MEM: Another process has taken over, send it again')

const noAnswers: ReadonlyMap<string, boolean> = new Map()

const fieldOf = (request: FramedRequest, name: string): string =>
  request.fields.get(name)?.join(', ') ?? ''

const parse = (request: FramedRequest, method: Method): Parsed =>
  parseMessage({
    method,
    target: request.target,
    body: request.body,
    accept: fieldOf(request, 'accept'),
    contentType: fieldOf(request, 'content-type'),
    userAgent: fieldOf(request, 'user-agent'),
    loadSource: fieldOf(request, loadSourceField),
    loadMetrics: fieldOf(request, loadMetricsField),
    sender: fieldOf(request, senderField),
    order: fieldOf(request, orderField),
  })

/** MEM: the node keeps trying, and is accepted once the proxy allows its address (decision 26). */
const addressRefused = (route: string): Reply =>
  problem('MEM', `MEM: Address of node with "${route}" JVMRoute is not allowed`)

/**
 * A node that registers the wildcard address it listens on is reached at the address that it came from; behind a unix
 * socket that is this machine.
 */
function withRemoteAddress(message: Message, remote: string): Message {
  if (message.method !== 'CONFIG' || !isWildcard(message.host ?? '')) return message
  return { ...message, host: remote === unixClient ? '127.0.0.1' : plainAddress(remote) }
}
