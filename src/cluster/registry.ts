// The single writer of cluster state: applies a message and returns the reply and the changes (mcmp.md 2, decisions 24 to
// 57). Pure: what has to be found out beforehand is passed as facts. Used by the control service, and by server/ for the
// nodes of the configuration.

import { mcmpLimits } from '../base/limits.ts'
import type { AppMessage, ConfigMessage, Message, StatusMessage } from '../wire/mcmp/message.ts'
import { problem } from '../wire/mcmp/problem.ts'
import { emptyReply, type Reply, statusReply } from '../wire/mcmp/reply.ts'
import type { Node, NodeSettings } from './node.ts'
import type { Adjustment, Orders } from './orders.ts'
import { admit } from './registry/admit.ts'
import { answerPing, answerQuery, unknownRoute } from './registry/answer.ts'
import { commandContexts, commandNode } from './registry/command.ts'
import type {
  Applied,
  Facts,
  Proposal,
  Question,
  RegistryLimits,
  RegistryOptions,
} from './registry/facts.ts'
import { checkFixed, type FixedNode, firstFixed, fixedSteps } from './registry/fixed.ts'
import { formerOf, nodeSettingsOf } from './registry/identity.ts'
import { mergeBalancer, mergeNode, mergeOrders } from './registry/merge.ts'
import { absentOrders, adjust, forget, isOperators, order } from './registry/operator.ts'
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
import type { NodeRecord } from './shared/node-record.ts'
import type { BalancerRecord } from './shared/other-records.ts'
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
    const proposal = this.propose(message, facts)
    this.commit(proposal, facts.now)
    return proposal
  }

  /** What a message would change. The state stays as it is; refused registrations are remembered. */
  propose(message: Message, facts: Facts): Proposal {
    const steps = new Steps(this.#snapshot)
    const reply = this.#reply(message, facts, steps)
    const { changes, warnings, snapshot } = steps
    return { reply, changes, warnings, before: this.#snapshot, snapshot }
  }

  /** @throws when the state has changed since the proposal was made. */
  commit(proposal: Omit<Proposal, 'reply'>, now: number): readonly Change[] {
    if (proposal.before !== this.#snapshot) throw new Error('the proposal is out of date')
    return this.#commit(proposal, now)
  }

  /** Puts a node in force as another proxy has accepted it. @param record `undefined`: it was deleted. */
  mergeNode(route: string, record: NodeRecord | undefined, now: number): Omit<Applied, 'reply'> {
    return this.#merged(now, (steps) =>
      mergeNode(steps, route, record, this.#limits, () => this.#newId()),
    )
  }

  mergeBalancer(record: BalancerRecord, now: number): Omit<Applied, 'reply'> {
    return this.#merged(now, (steps) => mergeBalancer(steps, record, this.#limits))
  }

  mergeOrders(orders: Orders, now: number): Omit<Applied, 'reply'> {
    return this.#merged(now, (steps) => mergeOrders(steps, orders))
  }

  #merged(now: number, merge: (steps: Steps) => void): Omit<Applied, 'reply'> {
    const steps = new Steps(this.#snapshot)
    merge(steps)
    return { changes: this.#commit(steps, now), warnings: steps.warnings }
  }

  /** Changes the orders of an operator for a node as a whole, also for one that is not registered and has orders. */
  adjust(adjustment: Adjustment): Applied {
    const steps = new Steps(this.#snapshot)
    const { route } = adjustment
    const node = findNode(this.#snapshot, route)
    const present = node?.removal === 'none' ? node : undefined
    const reply =
      present === undefined && !this.#snapshot.orders.has(route)
        ? unknownRoute(route)
        : (adjust(steps, adjustment, present, this.#limits) ?? emptyReply)
    // It removes none.
    return { reply, changes: this.#commit(steps, 0), warnings: steps.warnings }
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
      } else if (facts.live(id).inFlight === 0) {
        steps.apply({ kind: 'gone', id })
      }
    }
    return { changes: this.#commit(steps, facts.now), warnings: steps.warnings }
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
    return this.#commit(this.proposeRemoval(id), now)
  }

  /** What `remove` would change. */
  proposeRemoval(id: number): Omit<Proposal, 'reply'> {
    const before = this.#snapshot
    const steps = new Steps(before)
    const node = before.nodes.get(id)
    if (node !== undefined && !node.fixed && node.removal === 'none') mark(steps, node)
    return { changes: steps.changes, warnings: steps.warnings, before, snapshot: steps.snapshot }
  }

  /**
   * Restores the state of an earlier run from the result of `changesFrom`, for an empty registry, and the changes that the
   * registry of another process has made since then. Nodes in removal start their present phase again.
   */
  restore(changes: readonly Change[], now: number): readonly Change[] {
    const steps = new Steps(this.#snapshot)
    steps.restore(changes)
    for (const node of steps.snapshot.nodes.values()) {
      this.#nextId = Math.max(this.#nextId, node.id + 1)
      if (node.removal !== 'none') this.#removedAt.set(node.id, now)
    }
    return this.#commit(steps, now)
  }

  /**
   * Adds or updates nodes of the configuration, with ENABLED contexts and load factor 100.
   * @throws TopspinError BAD_OPTION for a key that a fixed node does not have, and for values of another type; then nothing
   *   changes.
   */
  addFixed(nodes: readonly FixedNode[]): readonly Change[] {
    for (const fixed of nodes) checkFixed(fixed)
    const steps = new Steps(this.#snapshot)
    const newId = (): number => this.#newId()
    const isFirst = this.#snapshot === emptySnapshot
    if (isFirst && new Set(nodes.map(({ route }) => route)).size === nodes.length)
      steps.restore(firstFixed(nodes, this.#defaultBalancer, newId))
    else for (const fixed of nodes) fixedSteps(steps, fixed, this.#defaultBalancer, newId)
    // It removes none.
    return this.#commit(steps, 0)
  }

  /** Removes fixed nodes as REMOVE-APP does. @param keep routes that the configuration still names. */
  dropFixed(keep: ReadonlySet<string>, now: number): readonly Change[] {
    const steps = new Steps(this.#snapshot)
    for (const node of this.#snapshot.nodes.values()) {
      if (node.fixed && !keep.has(node.route)) mark(steps, { ...node, fixed: false })
    }
    return this.#commit(steps, now)
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
      mark(steps, admission.rival)
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
    if (admission.kind === 'update') {
      const updated: Node = { ...admission.node, ...config, removal: 'none' }
      const node: Node = from === undefined ? updated : { ...updated, from }
      steps.apply({ kind: 'node', node })
      return node
    }
    // A worker that is shown as REMOVED gets its former line back.
    const left = formerOf(steps.snapshot, config)
    if (left !== undefined) steps.apply({ kind: 'gone', id: left.id })
    const old = admission.kind === 'replace' ? admission.node : undefined
    const contexts = old === undefined ? [] : contextsOf(steps.snapshot, old.id)
    if (old !== undefined) steps.apply({ kind: 'gone', id: old.id })
    const made: Node = {
      ...config,
      id: this.#newId(),
      slot: old?.slot ?? left?.slot ?? freeSlot(steps.snapshot),
      removal: 'none',
      fixed: false,
    }
    // V8 gives each object a hidden class of its own when a further spread adds keys: half a kilobyte for each node.
    const node: Node = from === undefined ? made : { ...made, from }
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
    if (method === 'REMOVE-APP') return this.#removeNode(node, steps)
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

  #removeNode(node: Node, steps: Steps): Reply {
    if (node.fixed)
      return problem(
        'MEM',
        `MEM: Can't remove node with "${node.route}" JVMRoute: it is configured`,
      )
    mark(steps, node)
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

  #newId(): number {
    const id = this.#nextId
    this.#nextId += 1
    return id
  }

  #commit(
    { changes, snapshot }: Pick<Proposal, 'changes' | 'snapshot'>,
    now: number,
  ): readonly Change[] {
    this.#owners.update(changes, this.#snapshot, snapshot)
    for (const change of changes) {
      if (change.kind !== 'node' || change.node.removal === 'none') continue
      const { id, removal } = change.node
      if (this.#snapshot.nodes.get(id)?.removal !== removal) this.#removedAt.set(id, now)
    }
    this.#snapshot = snapshot
    for (const id of this.#removedAt.keys()) {
      const removal = snapshot.nodes.get(id)?.removal ?? 'none'
      if (removal === 'none') this.#removedAt.delete(id)
    }
    return changes
  }
}

/** The node gets no more requests; its line stays for a while (mcmp.md decision 37). */
function mark(steps: Steps, node: Node): void {
  steps.apply(
    { kind: 'contexts', id: node.id, contexts: [] },
    { kind: 'node', node: { ...node, removal: 'marked' } },
  )
}
