// Actions of operators on nodes, on the nodes of a domain, or on a context wherever it is: each becomes orders, is kept as
// a record with the orders before and after it, and can be undone as long as nobody has changed them since.

import { present } from '../../base/environment.ts'
import { eventLimits } from '../../base/limits.ts'
import { suggest } from '../../base/suggest.ts'
import { contextKey, pathKey } from '../../cluster/context.ts'
import type { Node } from '../../cluster/node.ts'
import { type ContextOrder, noOrders, type Orders } from '../../cluster/orders.ts'
import { findNode, type Snapshot } from '../../cluster/snapshot.ts'
import type { ContextStatus } from '../../wire/mcmp/context-status.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import { contextOrder, nodeOrder } from '../../wire/mcmp/operator-messages.ts'
import type { MessageHandler } from '../message-handler.ts'
import type { ControlSettings } from '../options.ts'
import type { Actor } from './actor.ts'

type ActionName = 'enable' | 'disable' | 'stop' | 'remove'

const methods: Readonly<Record<ActionName, AppMethod>> = {
  enable: 'ENABLE-APP',
  disable: 'DISABLE-APP',
  stop: 'STOP-APP',
  remove: 'REMOVE-APP',
}

const methodFor: Readonly<Record<ContextStatus, AppMethod>> = {
  ENABLED: 'ENABLE-APP',
  DISABLED: 'DISABLE-APP',
  STOPPED: 'STOP-APP',
}

export interface ActionRequest {
  readonly action: ActionName
  /** At least one of `node`, `domain` and `context`. `node` and `domain` exclude each other. */
  readonly node?: string | undefined
  readonly domain?: string | undefined
  readonly context?: string | undefined
  /** With `context`: under this alias only. */
  readonly alias?: string | undefined
  /** For the record. */
  readonly reason?: string | undefined
}

export interface ActionRecord extends Omit<ActionRequest, 'action'> {
  readonly id: number
  /** ISO 8601. */
  readonly at: string
  readonly action: ActionName | 'undo'
  readonly by: Actor
  readonly nodes: readonly NodeOutcome[]
  /** The record that this one undoes. */
  readonly undoes?: number
  /** Where to POST in order to undo it; `null`: it cannot be undone. */
  readonly undo: string | null
}

interface NodeOutcome {
  readonly route: string
  readonly before: Orders
  readonly after: Orders
  /** Why nothing changed there; `null` when the order is in force. */
  readonly problem: string | null
}

export type ActionOutcome =
  | { readonly ok: true; readonly record: ActionRecord }
  | { readonly ok: false; readonly status: 400 | 404 | 409; readonly detail: string }

export class Steering {
  readonly #settings: ControlSettings
  readonly #messages: MessageHandler
  readonly #records: Map<number, ActionRecord> = new Map()
  #last = 0

  constructor(settings: ControlSettings, messages: MessageHandler) {
    this.#settings = settings
    this.#messages = messages
  }

  /** The last actions, the oldest first. */
  records(): readonly ActionRecord[] {
    return [...this.#records.values()]
  }

  async act(request: ActionRequest, by: Actor): Promise<ActionOutcome> {
    const targets = targetsOf(request, this.#settings.registry.snapshot)
    if ('status' in targets) return { ok: false, ...targets }
    const nodes: NodeOutcome[] = []
    for (const message of targets.messages)
      nodes.push(await this.#send(message.route, [message], by))
    return this.#recorded(request, by, nodes)
  }

  async undo(id: number, by: Actor): Promise<ActionOutcome> {
    const record = this.#records.get(id)
    if (record === undefined) return refused(404, `no action ${id} is kept`)
    if (record.undo === null) return refused(409, `action ${id} cannot be undone`)
    const changed = record.nodes.filter((node) => node.problem === null)
    const { snapshot } = this.#settings.registry
    const moved = changed.find(({ route, after }) => !isSame(ordersFor(snapshot, route), after))
    if (moved !== undefined)
      return refused(409, `the orders for ${moved.route} have changed since action ${id}`)
    const nodes: NodeOutcome[] = []
    for (const { route, before, after } of changed)
      nodes.push(await this.#send(route, restoring(after, before), by))
    const { action: _, reason: __, ...target } = record
    return this.#recorded({ ...target, action: 'undo', undoes: id }, by, nodes)
  }

  async #send(route: string, messages: readonly AppMessage[], by: Actor): Promise<NodeOutcome> {
    const { registry } = this.#settings
    const before = ordersFor(registry.snapshot, route)
    let problem: string | null = null
    for (const message of messages) {
      const reply = await this.#messages.execute(message, by.from)
      if (!reply.ok) problem = reply.text
      if (problem !== null) break
    }
    return { route, before, after: ordersFor(registry.snapshot, route), problem }
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
    const { action, node, domain, context, alias, reason, undoes } = request
    const undo = action === 'remove' ? null : `/api/v1/actions/${id}/undo`
    const at = new Date(this.#settings.clock.wall()).toISOString()
    const target = { node, domain, context, alias, reason, undoes }
    const record: ActionRecord = { id, at, action, ...present(target), by, nodes, undo }
    this.#records.set(id, record)
    for (const old of this.#records.keys()) {
      if (this.#records.size <= eventLimits.actionsMax) break
      this.#records.delete(old)
    }
    const routes = nodes.slice(0, routesShown).map(({ route }) => route)
    const { from, role } = by
    this.#settings.log.info(
      { id, action, ...present(target), nodes: routes, from, role },
      'operator action',
    )
    return { ok: true, record }
  }
}

/** Routes in one line of the log; a domain may have hundreds. */
const routesShown = 16

const refused = (status: 400 | 404 | 409, detail: string): ActionOutcome => ({
  ok: false,
  status,
  detail,
})

type Targets =
  | { readonly messages: readonly AppMessage[] }
  | { readonly status: 400 | 404; readonly detail: string }

function targetsOf(request: ActionRequest, snapshot: Snapshot): Targets {
  const { node, domain, context } = request
  if (node === undefined && domain === undefined && context === undefined)
    return { status: 400, detail: 'name a node, a domain or a context' }
  if (node !== undefined && domain !== undefined)
    return { status: 400, detail: 'name a node or a domain, not both' }
  const registered = [...snapshot.nodes.values()].filter(({ removal }) => removal === 'none')
  const method = methods[request.action]
  if (node !== undefined && findNode(snapshot, node)?.removal !== 'none')
    return absentNode(request, node, registered, snapshot)
  const nodes = registered.filter(
    (each) =>
      (node === undefined || each.route === node) &&
      (domain === undefined || each.domain === domain),
  )
  if (nodes.length === 0)
    return {
      status: 404,
      detail: `no node ${domain === undefined ? 'is registered' : `has the domain ${domain}`}`,
    }
  if (context === undefined) return { messages: nodes.map(({ route }) => nodeOrder(method, route)) }
  const messages = nodes.flatMap((each) => contextMessages(method, each, request, snapshot))
  return messages.length > 0 ? { messages } : unknownContext(request, nodes, snapshot)
}

/** A node that is not registered can be ordered about only where there is an order for it already. */
function absentNode(
  { action, context, alias }: ActionRequest,
  route: string,
  registered: readonly Node[],
  snapshot: Snapshot,
): Targets {
  const orders = snapshot.orders.get(route)
  if (orders === undefined || action === 'remove') {
    const nearest = suggest(
      route,
      registered.map((node) => node.route),
    )
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
    return { status: 404, detail: `no node has the name ${route}${hint}` }
  }
  const method = methods[action]
  if (context === undefined) return { messages: [nodeOrder(method, route)] }
  const rows = orders.contexts.filter((row) => matches(row, context, alias))
  if (rows.length === 0)
    return { status: 404, detail: `${route} is not registered, and ${context} has no order` }
  const aliases = rows.map((row) => row.alias)
  return { messages: [contextOrder(method, route, aliases, context)] }
}

function contextMessages(
  method: AppMethod,
  { id, route }: Node,
  { context = '', alias }: ActionRequest,
  snapshot: Snapshot,
): readonly AppMessage[] {
  const rows = (snapshot.contexts.get(id) ?? []).filter((row) => matches(row, context, alias))
  const [first] = rows
  if (first === undefined) return []
  const aliases = rows.map((row) => row.alias)
  return [contextOrder(method, route, aliases, first.path)]
}

function unknownContext(
  { context, alias }: ActionRequest,
  nodes: readonly Node[],
  snapshot: Snapshot,
): Targets {
  const paths = nodes.flatMap(({ id }) => (snapshot.contexts.get(id) ?? []).map(({ path }) => path))
  const known = [...new Set(paths)].slice(0, routesShown).join(', ')
  const where = alias === undefined ? context : `${context} on ${alias}`
  return { status: 404, detail: `no context ${where}; there are ${known || 'none'}` }
}

function matches(
  row: Pick<ContextOrder, 'path' | 'alias'>,
  context: string,
  alias: string | undefined,
): boolean {
  return (
    pathKey(row.path) === pathKey(context) &&
    (alias === undefined || row.alias.toLowerCase() === alias.toLowerCase())
  )
}

const ordersFor = ({ orders }: Snapshot, route: string): Orders =>
  orders.get(route) ?? noOrders(route)

/**
 * The messages that turn orders `from` into `to`. Where the order for the whole node changes, those for its contexts follow
 * it one after the other.
 */
function restoring(from: Orders, to: Orders): readonly AppMessage[] {
  const { route } = to
  const whole = from.node === to.node ? [] : [nodeOrder(methodFor[to.node ?? 'ENABLED'], route)]
  // An order for the whole node replaces those for single contexts.
  const left = whole.length > 0 ? [] : from.contexts
  const wanted = new Map(to.contexts.map((row) => [contextKey(row), row]))
  const kept = new Map(left.map((row) => [contextKey(row), row]))
  const ended = left
    .filter((row) => !wanted.has(contextKey(row)))
    .map((row) => ({ ...row, status: to.node ?? ('ENABLED' as const) }))
  const set = to.contexts.filter((row) => kept.get(contextKey(row))?.status !== row.status)
  const single = [...set, ...ended].map(({ alias, path, status }) =>
    contextOrder(methodFor[status], route, [alias], path),
  )
  return [...whole, ...single]
}

const isSame = (a: Orders, b: Orders): boolean =>
  a.node === b.node && JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

const sorted = ({ contexts }: Orders): readonly string[] =>
  contexts.map((row) => `${contextKey(row)} ${row.status}`).sort()
