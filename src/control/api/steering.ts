// Actions of operators on nodes, on the nodes of a domain, or on a context wherever it is: each becomes orders, is kept as
// a record with the orders before and after it, and can be undone as long as nobody has changed them since.

import { present } from '../../base/environment.ts'
import { eventLimits, steeringLimits } from '../../base/limits.ts'
import { inFlightOn } from '../../cluster/live.ts'
import { noOrders, type Orders } from '../../cluster/orders.ts'
import { findNode, type Snapshot } from '../../cluster/snapshot.ts'
import type { AppMessage } from '../../wire/mcmp/message.ts'
import type { McmpProblem } from '../../wire/mcmp/problem.ts'
import type { Actor } from '../identity.ts'
import type { MessageHandler } from '../message-handler.ts'
import type { ControlSettings } from '../options.ts'
import {
  type ActionOutcome,
  type ActionRecord,
  type ActionRequest,
  type NodeOutcome,
  refused,
} from './action.ts'
import { Drain, type DrainProgress } from './drain.ts'
import { isSame, type OperatorOrder, restoring } from './restore-orders.ts'
import { targetsOf } from './targets.ts'

export class Steering {
  readonly #settings: ControlSettings
  readonly #messages: MessageHandler
  readonly #records: Map<number, ActionRecord> = new Map()
  /** By the number of their action. */
  readonly #drains: Map<number, Drain> = new Map()
  #timer: NodeJS.Timeout | undefined
  #isStepping = false
  #last = 0

  constructor(settings: ControlSettings, messages: MessageHandler) {
    this.#settings = settings
    this.#messages = messages
  }

  /** The last actions, the oldest first. */
  records(): readonly ActionRecord[] {
    return [...this.#records.values()].map((record) => this.#shown(record))
  }

  record(id: number): ActionRecord | undefined {
    const record = this.#records.get(id)
    return record && this.#shown(record)
  }

  async act(request: ActionRequest, by: Actor): Promise<ActionOutcome> {
    const { snapshot } = this.#settings.registry
    const targets = targetsOf(request, snapshot)
    if ('status' in targets) return targets
    const isDrain = request.action === 'drain'
    if (isDrain && this.#running.length >= steeringLimits.drainsMax)
      return refused(409, `${steeringLimits.drainsMax} drains are running already`)
    const nodes: NodeOutcome[] = []
    for (const order of targets.orders) {
      const kept = request.action === 'remove' ? this.#whyKept(order.route) : null
      nodes.push(kept ?? (await this.#send(order.route, [order], by)))
    }
    if (request.action === 'readmit') for (const { route } of nodes) this.#probeSoon(route)
    const outcome = this.#recorded(request, by, nodes)
    if (!isDrain || !outcome.ok) return outcome
    this.#beginDrain(outcome.record, targets.orders as readonly AppMessage[], by)
    return { ok: true, record: this.#shown(outcome.record) }
  }

  /** Restores the orders before an action; a drain that is running ends with it. */
  async undo(id: number, by: Actor): Promise<ActionOutcome> {
    const record = this.#records.get(id)
    if (record === undefined) return refused(404, `no action ${id} is kept`)
    if (record.undo === null) return refused(409, `action ${id} cannot be undone`)
    const changed = record.nodes.filter((node) => node.problem === null)
    const { snapshot } = this.#settings.registry
    const moved = changed.find(({ route, after }) => !isSame(ordersFor(snapshot, route), after))
    if (moved !== undefined)
      return refused(409, `the orders for ${moved.route} have changed since action ${id}`)
    this.#drains.get(id)?.cancel(this.#settings.clock.wall())
    const nodes: NodeOutcome[] = []
    for (const { route, before, after } of changed)
      nodes.push(await this.#send(route, restoring(after, before), by))
    const { node, domain, context, alias } = record
    const target = present({ node, domain, context, alias })
    return this.#recorded({ ...target, action: 'undo', undoes: id }, by, nodes)
  }

  /** Drains go no further; what they have ordered stays. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #send(
    route: string,
    orders: readonly OperatorOrder[],
    { from }: Actor,
  ): Promise<NodeOutcome> {
    const { registry } = this.#settings
    const before = ordersFor(registry.snapshot, route)
    let problem: string | null = null
    for (const order of orders) {
      const reply =
        'method' in order
          ? await this.#messages.execute(order, from)
          : await this.#messages.adjust(order, from)
      if (!reply.ok) problem = inWords(reply)
      if (problem !== null) break
    }
    return { route, before, after: ordersFor(registry.snapshot, route), problem }
  }

  /** Nothing would bring a fixed node back, nor a context of it: neither registers. `null`: not a fixed node. */
  #whyKept(route: string): NodeOutcome | null {
    const { snapshot } = this.#settings.registry
    if (findNode(snapshot, route)?.fixed !== true) return null
    const before = ordersFor(snapshot, route)
    return { route, before, after: before, problem: fixedStays }
  }

  #recorded(
    request: Omit<ActionRequest, 'action'> & Pick<ActionRecord, 'action' | 'undoes'>,
    by: Actor,
    nodes: readonly NodeOutcome[],
  ): ActionOutcome {
    const failed = nodes.find(({ problem }) => problem !== null)
    if (failed !== undefined && nodes.every(({ problem }) => problem !== null))
      return refused(409, `${failed.route}: ${failed.problem}`)
    const id = ++this.#last
    const { action, ...rest } = request
    const undo = action === 'remove' ? null : `/api/v1/actions/${id}/undo`
    const at = new Date(this.#settings.clock.wall()).toISOString()
    const given = present({ ...rest })
    const record: ActionRecord = { id, at, action, ...given, by, nodes, undo }
    this.#records.set(id, record)
    this.#forgetOld()
    this.#settings.log.info(
      { id, action, ...given, nodes: changesIn(nodes), ...by },
      'operator action',
    )
    return { ok: true, record }
  }

  #forgetOld(): void {
    for (const id of this.#records.keys()) {
      if (this.#records.size <= eventLimits.actionsMax) return
      this.#records.delete(id)
      if (this.#drains.get(id)?.isOver === true) this.#drains.delete(id)
    }
  }

  /** The next probe of a node that is down is due. */
  #probeSoon(route: string): void {
    const { registry, live, clock } = this.#settings
    const node = registry.snapshot.nodes.withRoute(route)
    if (node === undefined) return
    const row = live.of(node.id)
    if (row.health.kind === 'down') row.health = { ...row.health, probeAt: clock.now() }
  }

  #shown(record: ActionRecord): ActionRecord {
    const drain = this.#drains.get(record.id)
    return drain === undefined ? record : { ...record, drain: drain.progress }
  }

  // Drains.

  get #running(): readonly Drain[] {
    return [...this.#drains.values()].filter(({ isOver }) => !isOver)
  }

  #beginDrain(
    { id, nodes, context, withinMs = steeringLimits.drainMs }: ActionRecord,
    orders: readonly AppMessage[],
    by: Actor,
  ): void {
    const { clock, registry, live } = this.#settings
    const now = clock.now()
    const calls = {
      work: (route: string) => {
        const node = registry.snapshot.nodes.withRoute(route)
        if (node === undefined || node.removal !== 'none') return undefined
        const row = live.of(node.id)
        const sessions = row.sessions.count(clock.now())
        const inFlight = context === undefined ? row.inFlight : inFlightOn(row, [context])
        return { sessions, inFlight }
      },
      isInForce: (route: string) => {
        const after = this.#records.get(id)?.nodes.find((node) => node.route === route)?.after
        return after !== undefined && isSame(ordersFor(registry.snapshot, route), after)
      },
      stop: (route: string) => this.#stopDrained(id, route, orders, by),
      ended: (progress: DrainProgress) => this.#drainEnded(id, progress, clock.now() - now),
    }
    const routes = nodes.filter(({ problem }) => problem === null).map(({ route }) => route)
    for (const drain of this.#running) drain.overtake(routes, clock.wall())
    this.#drains.set(id, new Drain(calls, routes, withinMs, { now, wall: clock.wall() }))
    this.#timer ??= setInterval(() => void this.stepDrains(), steeringLimits.drainPollMs).unref()
  }

  /** The record tells what the drain has ordered, so that it can be undone after its end, too. */
  async #stopDrained(
    id: number,
    route: string,
    orders: readonly AppMessage[],
    by: Actor,
  ): Promise<boolean> {
    const order = orders.find((each) => each.route === route)
    if (order === undefined) return false
    const { after, problem } = await this.#send(route, [{ ...order, method: 'STOP-APP' }], by)
    const record = this.#records.get(id)
    if (record !== undefined) {
      const nodes = record.nodes.map((node) => (node.route === route ? { ...node, after } : node))
      this.#records.set(id, { ...record, nodes })
    }
    return problem === null
  }

  #drainEnded(id: number, { state, nodes }: DrainProgress, ms: number): void {
    const sessions = nodes.reduce((sum, node) => sum + node.sessions, 0)
    const inFlight = nodes.reduce((sum, node) => sum + node.inFlight, 0)
    this.#settings.log.info({ id, state, sessions, inFlight, ms: Math.round(ms) }, 'drain ended')
  }

  /** Called every `steeringLimits.drainPollMs` while a drain runs. Never rejects: a fault of ours ends no process. */
  async stepDrains(): Promise<void> {
    if (this.#isStepping) return
    this.#isStepping = true
    const { traffic, clock, log } = this.#settings
    try {
      await traffic.refresh()
      for (const drain of this.#running) await drain.step(clock.now(), clock.wall())
      if (this.#running.length === 0) this.close()
    } catch (error) {
      log.error({ reason: String(error) }, 'fault in a drain')
    } finally {
      this.#isStepping = false
    }
  }
}

const fixedStays =
  'it is a fixed node, named by `to` of the configuration, and only nodes that register can be removed. Stop it, or take it out of `to` and reload'

/** A problem without the words of the protocol, which are for nodes. */
const inWords = ({ type, text }: McmpProblem): string =>
  text.replace(`${type}: `, '').replace(/\bnode with ("[^"]*") JVMRoute/i, 'node $1')

/** Nodes in one line of the log; a domain may have hundreds. */
const nodesShown = 16

/** The orders before and after, for the log. */
const changesIn = (nodes: readonly NodeOutcome[]): readonly object[] =>
  nodes.slice(0, nodesShown).map(({ route, before, after, problem }) => ({
    route,
    before: withoutRoute(before),
    after: withoutRoute(after),
    ...(problem === null ? {} : { problem }),
  }))

const withoutRoute = ({ route: _, ...orders }: Orders): Omit<Orders, 'route'> => orders

const ordersFor = ({ orders }: Snapshot, route: string): Orders =>
  orders.get(route) ?? noOrders(route)
