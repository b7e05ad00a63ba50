// The single writer of cluster state: applies a message and returns the reply and the changes (mcmp.md 2, decisions 24 to
// 57). Pure: what has to be found out beforehand is passed as facts. Used by the control service, and by server/ for the
// nodes of the configuration.

import { mcmpLimits } from '../base/limits.ts'
import type { AppMessage, ConfigMessage, Message, StatusMessage } from '../wire/mcmp/message.ts'
import { problem } from '../wire/mcmp/problem.ts'
import { emptyReply, type Reply, statusReply } from '../wire/mcmp/reply.ts'
import type { Node, NodeSettings } from './node.ts'
import { admit } from './registry/admit.ts'
import { answerPing, answerQuery, unknownRoute } from './registry/answer.ts'
import { commandContexts, commandNode } from './registry/command.ts'
import type { Applied, Facts, Question, RegistryLimits, RegistryOptions } from './registry/facts.ts'
import { type FixedNode, fixedSteps } from './registry/fixed.ts'
import { formerOf, nodeSettingsOf } from './registry/identity.ts'
import { absentOrders, forget, isOperators, order } from './registry/operator.ts'
import { PathOwners } from './registry/path-owners.ts'
import { questionKey, questions } from './registry/questions.ts'
import { Refusals } from './registry/refusals.ts'
import {
  configureContexts,
  contextsOf,
  freeSlot,
  fullTable,
  rewriteBalancer,
  roomIn,
  warnAboutType,
} from './registry/register.ts'
import { Steps } from './registry/steps.ts'
import { type Change, emptySnapshot, findNode, type Snapshot } from './snapshot.ts'

export class Registry {
  /** Different at each start: the `id` of replies to STATUS and PING. */
  readonly runId: string
  readonly #defaultBalancer: string
  #waitMs: number
  #limits: RegistryLimits
  readonly #refusals: Refusals
  /** Start of a node's present phase of removal, monotonic ms, by id. */
  readonly #removedAt: Map<number, number> = new Map()
  readonly #owners: PathOwners = new PathOwners()
  /** Since when there are orders for a route without a registered node, monotonic ms. */
  readonly #absentSince: Map<string, number> = new Map()
  #snapshot: Snapshot = emptySnapshot
  #nextId = 1

  constructor(options: RegistryOptions) {
    this.runId = options.runId
    this.#defaultBalancer = (options.defaultBalancer ?? 'mycluster').toLowerCase()
    this.#waitMs = options.waitBeforeRemoveMs ?? mcmpLimits.waitBeforeRemoveMs
    this.#limits = options.limits ?? mcmpLimits
    this.#refusals = new Refusals(this.#limits.refusalsMax)
  }

  /** Puts other limits in force: rows that are there stay. @param waitBeforeRemoveMs see `RegistryOptions`. */
  useLimits(limits: RegistryLimits, waitBeforeRemoveMs: number): void {
    this.#limits = limits
    this.#waitMs = waitBeforeRemoveMs
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** The addresses that have to be probed before this message can be applied to the present state. */
  questions(message: Message): readonly Question[] {
    return questions(message, this.#snapshot, this.#defaultBalancer)
  }

  /** Applies a message. A question without an answer keeps the present state: a conflict stays, a ping has failed. */
  apply(message: Message, facts: Facts): Applied {
    const steps = new Steps(this.#snapshot)
    const reply = this.#reply(message, facts, steps)
    return { reply, changes: this.#commit(steps), warnings: steps.warnings }
  }

  /**
   * Moves nodes in removal to their next phase once it is time (mcmp.md 2.4), and forgets the orders for nodes that have
   * not been registered for long.
   */
  tick(facts: Pick<Facts, 'now' | 'live'>): Omit<Applied, 'reply'> {
    const steps = new Steps(this.#snapshot)
    this.#forgetOrders(steps, facts.now)
    for (const [id, since] of this.#removedAt) {
      const node = this.#snapshot.nodes.get(id)
      if (node === undefined || facts.now - since < this.#waitMs) continue
      if (node.removal === 'marked') {
        steps.apply({ kind: 'node', node: { ...node, removal: 'forgotten', domain: '' } })
        this.#removedAt.set(id, facts.now)
      } else if (facts.live(id).inFlight === 0) {
        steps.apply({ kind: 'gone', id })
      }
    }
    return { changes: this.#commit(steps), warnings: steps.warnings }
  }

  #forgetOrders(steps: Steps, now: number): void {
    const absent = absentOrders(steps.snapshot)
    const routes = new Set(absent.map(({ route }) => route))
    for (const route of this.#absentSince.keys())
      if (!routes.has(route)) this.#absentSince.delete(route)
    for (const orders of absent) {
      const since = this.#absentSince.get(orders.route)
      if (since === undefined) this.#absentSince.set(orders.route, now)
      else if (now - since >= mcmpLimits.ordersKeptMs) forget(steps, orders)
    }
  }

  /** Marks a node removed without a message, for example after too many failed pings. No effect on fixed nodes. */
  remove(id: number, now: number): readonly Change[] {
    const steps = new Steps(this.#snapshot)
    const node = this.#snapshot.nodes.get(id)
    if (node !== undefined && !node.fixed && node.removal === 'none') this.#mark(steps, node, now)
    return this.#commit(steps)
  }

  /**
   * Restores the state of an earlier run from the result of `changesFrom`, for an empty registry, and the changes that the
   * registry of another process has made since then. Nodes in removal start their present phase again.
   */
  restore(changes: readonly Change[], now: number): readonly Change[] {
    const steps = new Steps(this.#snapshot)
    steps.apply(...changes)
    for (const node of steps.snapshot.nodes.values()) {
      this.#nextId = Math.max(this.#nextId, node.id + 1)
      if (node.removal !== 'none') this.#removedAt.set(node.id, now)
    }
    return this.#commit(steps)
  }

  /** Adds or updates nodes of the configuration, with ENABLED contexts and load factor 100. */
  addFixed(nodes: readonly FixedNode[]): readonly Change[] {
    const steps = new Steps(this.#snapshot)
    for (const fixed of nodes) fixedSteps(steps, fixed, this.#defaultBalancer, () => this.#newId())
    return this.#commit(steps)
  }

  /** Removes fixed nodes as REMOVE-APP does. @param keep routes that the configuration still names. */
  dropFixed(keep: ReadonlySet<string>, now: number): readonly Change[] {
    const steps = new Steps(this.#snapshot)
    for (const node of this.#snapshot.nodes.values()) {
      if (node.fixed && !keep.has(node.route)) this.#mark(steps, { ...node, fixed: false }, now)
    }
    return this.#commit(steps)
  }

  #reply(message: Message, facts: Facts, steps: Steps): Reply {
    switch (message.method) {
      case 'CONFIG':
        return this.#config(message, facts, steps)
      case 'STATUS':
        return this.#status(message, facts, steps)
      case 'PING':
        return answerPing(message, this.#snapshot, facts, this.runId)
      case 'INFO':
      case 'DUMP':
      case 'VERSION':
        return answerQuery(message, this.#snapshot, facts)
      default:
        return this.#app(message, facts, steps)
    }
  }

  #config(message: ConfigMessage, facts: Facts, steps: Steps): Reply {
    const config = nodeSettingsOf(message, this.#defaultBalancer)
    const admission = admit(this.#snapshot, config, facts, this.#refusals)
    if ('type' in admission) {
      this.#refusals.note(config, facts.now)
      return admission
    }
    const full = fullTable(this.#snapshot, config, admission.kind === 'new', this.#limits)
    if (full !== undefined) return full
    this.#refusals.forget(config.route)
    if (admission.rival !== undefined) {
      steps.warnings.push(
        `${config.route} takes over the address of ${admission.rival.route}, which is removed`,
      )
      this.#mark(steps, admission.rival, facts.now)
    }
    rewriteBalancer(steps, message, config, this.#limits)
    const node = this.#nodeFor(admission, config, steps, facts.from)
    warnAboutType(steps, node)
    return (
      configureContexts(steps, message, node.id, roomIn(steps.snapshot, this.#limits)) ?? emptyReply
    )
  }

  #nodeFor(
    admission: { kind: 'new' } | { kind: 'update' | 'replace'; node: Node },
    config: NodeSettings,
    steps: Steps,
    from: string | undefined,
  ): Node {
    const sender = from === undefined ? {} : { from }
    if (admission.kind === 'update') {
      const node: Node = { ...admission.node, ...config, ...sender, removal: 'none' }
      steps.apply({ kind: 'node', node })
      return node
    }
    // A worker that is shown as REMOVED gets its former line back.
    const left = formerOf(steps.snapshot, config)
    if (left !== undefined) steps.apply({ kind: 'gone', id: left.id })
    const old = admission.kind === 'replace' ? admission.node : undefined
    const contexts = old === undefined ? [] : contextsOf(steps.snapshot, old.id)
    if (old !== undefined) steps.apply({ kind: 'gone', id: old.id })
    const node: Node = {
      ...config,
      id: this.#newId(),
      slot: old?.slot ?? left?.slot ?? freeSlot(steps.snapshot),
      removal: 'none',
      fixed: false,
      ...sender,
    }
    steps.apply({ kind: 'node', node })
    if (contexts.length > 0) steps.apply({ kind: 'contexts', id: node.id, contexts })
    return node
  }

  #app(message: AppMessage, facts: Facts, steps: Steps): Reply {
    const { route, method, wildcard } = message
    const node = findNode(this.#snapshot, route)
    if (node === undefined || node.removal !== 'none') return this.#orderAbsent(message, steps)
    const isOrder = method !== 'REMOVE-APP' && isOperators(message, node, facts)
    if (isOrder) {
      const refusal = order(steps, { ...message, method }, node, this.#limits)
      if (refusal !== undefined) return refusal
    }
    if (!wildcard)
      return commandContexts(steps, message, node, facts, this.#limits, this.#owners, isOrder)
    if (method === 'REMOVE-APP') return this.#removeNode(node, facts, steps)
    if (isOrder) return emptyReply
    return commandNode(steps, method, node, message.fromJavaNode === true)
  }

  /** An operator may change the orders that there are for a node which is not registered. */
  #orderAbsent(message: AppMessage, steps: Steps): Reply {
    const { method, route, sender } = message
    const isOrder = sender === 'operator' && this.#snapshot.orders.has(route)
    if (method === 'REMOVE-APP' || !isOrder) return unknownRoute(route)
    return order(steps, { ...message, method }, undefined, this.#limits) ?? emptyReply
  }

  #removeNode(node: Node, facts: Facts, steps: Steps): Reply {
    if (node.fixed)
      return problem(
        'MEM',
        `MEM: Can't remove node with "${node.route}" JVMRoute: it is configured`,
      )
    this.#mark(steps, node, facts.now)
    return emptyReply
  }

  #status(message: StatusMessage, facts: Facts, steps: Steps): Reply {
    const node = findNode(this.#snapshot, message.route)
    if (node === undefined) return unknownRoute(message.route)
    const reachable = message.load === -1 || facts.answers.get(questionKey(node)) === true
    if (node.removal !== 'none' || !reachable)
      return statusReply(message.route, 'NOTOK', this.runId)
    if (message.load !== undefined) {
      const change: Change = { kind: 'load', id: node.id, factor: message.load }
      steps.apply(message.isDefaultLoad === true ? { ...change, isDefault: true } : change)
    }
    return statusReply(message.route, 'OK', this.runId)
  }

  /** The node gets no more requests; its line stays for a while (mcmp.md decision 37). */
  #mark(steps: Steps, node: Node, now: number): void {
    steps.apply(
      { kind: 'contexts', id: node.id, contexts: [] },
      { kind: 'node', node: { ...node, removal: 'marked' } },
    )
    this.#removedAt.set(node.id, now)
  }

  #newId(): number {
    const id = this.#nextId
    this.#nextId += 1
    return id
  }

  #commit(steps: Steps): readonly Change[] {
    this.#owners.update(steps.changes, this.#snapshot, steps.snapshot)
    this.#snapshot = steps.snapshot
    for (const id of this.#removedAt.keys()) {
      const removal = this.#snapshot.nodes.get(id)?.removal ?? 'none'
      if (removal === 'none') this.#removedAt.delete(id)
    }
    return steps.changes
  }
}
