// The way of a message: bytes to message, questions to the network, registry, changes in force, reply
// (mcmp.md 1.5, decisions 8, 26, 31, 49, 57). Called by the listener for each MCMP request.

import { isForwardable } from '../cluster/node.ts'
import type { Facts, Question } from '../cluster/registry/facts.ts'
import { questionKey } from '../cluster/registry/questions.ts'
import { findNode } from '../cluster/snapshot.ts'
import { isWildcard, plainAddress } from '../net/address.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'
import type { AppMessage, Message, Method } from '../wire/mcmp/message.ts'
import { parseMessage } from '../wire/mcmp/parse.ts'
import { problem } from '../wire/mcmp/problem.ts'
import { type Reply, stopReply } from '../wire/mcmp/reply.ts'
import { LateEnables } from './late-enables.ts'
import { nodeAddressCheck } from './node-addresses.ts'
import { observeProbe, observeStatus } from './observe.ts'
import type { ControlSettings } from './options.ts'
import { publish } from './publish.ts'
import { requestsLeft } from './requests-left.ts'

/** While one message asks the network others go on; after so many changes of mind the present state stays. */
const roundsMax = 3

export class Receiver {
  readonly #settings: ControlSettings
  readonly #mayBeAt: (host: string) => Promise<boolean>
  /** Probes under way, by question: an address is asked once, however many messages wait for it. */
  readonly #asking: Map<string, Promise<ProbeResult>> = new Map()

  readonly #late: LateEnables

  /** @throws RangeError for an entry of `nodesAllow` that is no address, network or name. */
  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#mayBeAt = nodeAddressCheck(settings.access.nodes)
    this.#late = new LateEnables(
      () => settings.registry.snapshot,
      (message) => this.#now(message),
    )
  }

  /** `peer`: the address at the other end of the connection. Never throws. */
  async receive(request: FramedRequest, method: Method, peer: string): Promise<Reply> {
    const field = (name: string): string => request.fields.get(name)?.join(', ') ?? ''
    const parsed = parseMessage({
      method,
      target: request.target,
      body: request.body,
      accept: field('accept'),
      contentType: field('content-type'),
      userAgent: field('user-agent'),
    })
    if (!parsed.ok) return parsed
    if (parsed.ignored !== undefined)
      this.#settings.log.warn(
        { peer, fields: parsed.ignored },
        'values that mean nothing count as not sent',
      )
    const message = withPeerAddress(parsed.message, peer)
    return this.#late.take(message, field('user-agent')) ?? this.carryOut(message)
  }

  /** Never throws. */
  async carryOut(message: Message): Promise<Reply> {
    await this.#late.flush()
    return this.#now(message)
  }

  /** Never rejects. */
  async #now(message: Message): Promise<Reply> {
    const { method } = message
    try {
      return await this.#apply(message)
    } catch (error) {
      this.#settings.log.error({ error, method }, 'message failed')
      return problem('GENERAL', `GENERAL: ${method} failed`)
    }
  }

  async #apply(message: Message): Promise<Reply> {
    const { registry, clock, live, log, traffic } = this.#settings
    if (message.method === 'INFO') await traffic.refresh()
    const isAllowed = await this.#isAllowed(message)
    if (!isAllowed && message.method === 'CONFIG') return addressRefused(message.route)
    // What may not be asked has not answered.
    const answers = isAllowed ? await this.#answers(message) : new Map<string, boolean>()
    const facts: Facts = { now: clock.now(), answers, live: (id) => live.of(id) }
    const before = registry.snapshot
    if (message.method === 'STATUS') {
      const node = findNode(before, message.route)
      if (node?.removal === 'none') observeStatus(this.#settings, node)
    }
    const applied = registry.apply(message, facts)
    for (const warning of applied.warnings) log.warn({ method: message.method }, warning)
    await publish(this.#settings, before, applied.changes)
    return message.method === 'STOP-APP' ? this.#recount(message, applied.reply) : applied.reply
  }

  /** Whether the address that a message names is one where nodes may be. */
  async #isAllowed(message: Message): Promise<boolean> {
    if (message.method === 'CONFIG') return this.#mayBeAt(message.host ?? 'localhost')
    if (message.method !== 'PING' || message.route !== undefined) return true
    return message.address === undefined || this.#mayBeAt(message.address.host)
  }

  /** Requests that were sent to the node while the stop was on its way to the traffic count too. */
  async #recount(message: AppMessage, reply: Reply): Promise<Reply> {
    const { registry, live, traffic } = this.#settings
    const node = findNode(registry.snapshot, message.route)
    if (!reply.ok || message.wildcard || node === undefined) return reply
    const { route, aliases, contexts } = message
    const requests = await requestsLeft(live, traffic.refresh, node.id, contexts)
    return stopReply(route, aliases, contexts, requests)
  }

  /** Asks until the registry, which others may change meanwhile, has no question left. */
  async #answers(message: Message): Promise<ReadonlyMap<string, boolean>> {
    const { registry } = this.#settings
    const answers = new Map<string, boolean>()
    for (let round = 0; round < roundsMax; round += 1) {
      const open = registry.questions(message).filter((question) => !answers.has(question.key))
      if (open.length === 0) break
      const results = await Promise.all(open.map((question) => this.#ask(question)))
      for (const [index, question] of open.entries()) {
        const result = results[index]
        if (result === undefined) continue
        answers.set(question.key, result.answered)
        if (message.method === 'STATUS') this.#observe(message.route, question, result)
      }
    }
    return answers
  }

  #observe(route: string, question: Question, result: ProbeResult): void {
    const node = findNode(this.#settings.registry.snapshot, route)
    const same = node !== undefined && questionKey(node) === question.key
    if (same && isForwardable(node)) observeProbe(this.#settings, node, result)
  }

  #ask(question: Question): Promise<ProbeResult> {
    const key = `${question.key} ${question.timeoutMs}`
    const running = this.#asking.get(key)
    if (running !== undefined) return running
    const asked = this.#settings.watch.probe(question).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asked)
    return asked
  }
}

/** MEM: the node goes on trying, so that it is taken when the proxy allows it (decision 26). */
const addressRefused = (route: string): Reply =>
  problem('MEM', `MEM: Address of node with "${route}" JVMRoute is not allowed`)

/** A node that registers the address it listens on, which is no address to connect to, means its own. */
function withPeerAddress(message: Message, peer: string): Message {
  if (message.method !== 'CONFIG' || !isWildcard(message.host ?? '')) return message
  return { ...message, host: plainAddress(peer) }
}
