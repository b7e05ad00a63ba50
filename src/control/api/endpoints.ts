// The operations of the API.

import { eventLimits } from '../../base/limits.ts'
import { absentOrders } from '../../cluster/registry/operator.ts'
import { plainCounts } from '../../cluster/traffic-counts.ts'
import type { EventRing } from '../events/event-ring.ts'
import { wholeExplanation } from '../explanation.ts'
import type { ControlSettings } from '../options.ts'
import { jsonPieces, jsonResponse, jsonText, type PageResponse } from '../page-response.ts'
import { explainQuestion } from '../parameters.ts'
import type { RequestFollowers } from '../requests/request-followers.ts'
import type { Trends } from '../trends.ts'
import type { ActionOutcome, ActionRequest } from './action.ts'
import type { Endpoint, Input } from './endpoint.ts'
import type { EventStreams } from './event-streams.ts'
import { type NodeView, nodeDetail, nodeViews } from './node-view.ts'
import { openApi } from './openapi.ts'
import { problem } from './problem.ts'
import { queries } from './schemas.ts'
import type { Steering } from './steering.ts'
import { watchingEndpoints } from './watching-endpoints.ts'

interface Parts {
  readonly settings: ControlSettings
  readonly events: EventRing
  readonly streams: EventStreams
  readonly trends: Trends
  readonly followers: RequestFollowers
  readonly steering: Steering
  readonly isDraining: () => boolean
}

export function endpointsOf(parts: Parts): readonly Endpoint[] {
  const all: Endpoint[] = [
    ...readingEndpoints(parts),
    ...watchingEndpoints(parts),
    ...actingEndpoints(parts),
  ]
  let description: string | undefined
  all.push({
    id: 'getDescription',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description of the API (OpenAPI 3.1).',
    role: 'reader',
    answers: {},
    handle: () => {
      description ??= JSON.stringify(openApi(all))
      return { status: 200, contentType: 'application/json', body: description }
    },
  })
  return all
}

function readingEndpoints({
  settings,
  events,
  streams,
  trends,
  isDraining,
}: Parts): readonly Endpoint[] {
  const { registry, traffic, slices } = settings
  /** A list of what is found about each node. */
  const listed = async (
    name: string,
    of: (node: NodeView) => readonly unknown[],
  ): Promise<PageResponse> => {
    await traffic.refresh()
    return jsonText(
      await slices.text(jsonPieces({ [name]: flat(nodeViews(settings, trends), of) })),
    )
  }
  return [
    {
      id: 'getProxy',
      method: 'GET',
      path: '/proxy',
      summary: 'The proxy itself: its traffic, its state file, orders for absent nodes.',
      role: 'reader',
      answers: { 200: 'Proxy' },
      handle: async ({ actor }) => {
        await traffic.refresh()
        return jsonResponse({
          caller: { role: actor.role, name: actor.name ?? null },
          version: registry.snapshot.version,
          draining: isDraining(),
          state: settings.state() ?? null,
          traffic: { ...plainCounts(traffic.counts()), ...trends.total() },
          orders: absentOrders(registry.snapshot),
        })
      },
    },
    {
      id: 'listNodes',
      method: 'GET',
      path: '/nodes',
      summary: 'The registered nodes with their contexts and live numbers.',
      role: 'reader',
      query: queries.nodes,
      answers: { 200: 'Nodes' },
      handle: ({ query: { balancer, domain } }) => {
        const isAsked = (node: NodeView): boolean =>
          (balancer === undefined || node.balancer === balancer) &&
          (domain === undefined || node.domain === domain)
        return listed('nodes', (node) => (isAsked(node) ? [node] : []))
      },
    },
    {
      id: 'getNode',
      method: 'GET',
      path: '/nodes/{route}',
      summary: 'One node: also what it registered with, its responses, its last failures.',
      role: 'reader',
      answers: { 200: 'NodeDetail', 404: 'Problem' },
      handle: async ({ parameters }) => {
        const route = parameters['route'] as string
        await traffic.refresh()
        const node = nodeDetail(settings, trends, route)
        return node === undefined
          ? problem(404, `no node has the name ${route}`)
          : jsonResponse(node)
      },
    },
    {
      id: 'listContexts',
      method: 'GET',
      path: '/contexts',
      summary: 'The contexts of all nodes.',
      role: 'reader',
      answers: { 200: 'Contexts' },
      handle: () =>
        listed('contexts', ({ route, contexts }) =>
          contexts.map((context) => ({ node: route, ...context })),
        ),
    },
    {
      id: 'listBalancers',
      method: 'GET',
      path: '/balancers',
      summary: 'The balancers with their settings.',
      role: 'reader',
      answers: { 200: 'Balancers' },
      handle: () =>
        jsonResponse({
          balancers: [...registry.snapshot.balancers.values()].map(
            ({ slot: _, isForceDefault: __, ...balancer }) => balancer,
          ),
        }),
    },
    {
      id: 'getCluster',
      method: 'GET',
      path: '/cluster',
      summary: 'The registry that proxies share: this proxy in it, and the others.',
      role: 'reader',
      answers: { 200: 'Cluster', 404: 'Problem' },
      handle: () => {
        const report = settings.sharing?.report()
        return report === undefined
          ? problem(404, 'this proxy has a registry of its own (cluster.nats is not set)')
          : jsonResponse(report)
      },
    },
    {
      id: 'listWorkers',
      method: 'GET',
      path: '/workers',
      summary: 'The traffic processes; none where one process does everything.',
      role: 'reader',
      answers: { 200: 'Workers' },
      handle: () => jsonResponse({ workers: traffic.workers() }),
    },
    {
      id: 'listCertificates',
      method: 'GET',
      path: '/certificates',
      summary: 'The certificates that the proxy serves, from files and by ACME.',
      role: 'reader',
      answers: { 200: 'Certificates' },
      handle: () => jsonResponse({ certificates: settings.certificates() }),
    },
    {
      id: 'listEvents',
      method: 'GET',
      path: '/events',
      summary: `The last events, ${eventLimits.keptMax} at most: lines of the log from level info on.`,
      role: 'reader',
      query: queries.events,
      answers: { 200: 'Events' },
      handle: ({ query: { after = 0, limit } }) =>
        jsonResponse({
          last: events.last,
          events: events.after(after as number, limit as number | undefined),
        }),
    },
    {
      id: 'followEvents',
      method: 'GET',
      path: '/events/stream',
      summary:
        'Server-sent events: `event`, an `Event`, at once, `live` each second with the numbers that changed. `Last-Event-ID` resumes; `reset` tells that events are missing.',
      role: 'reader',
      answers: { 200: 'text/event-stream', 503: 'Problem' },
      handle: ({ lastEventId, actor }) => streams.open(lastEventId, actor.from),
    },
    {
      id: 'explain',
      method: 'GET',
      path: '/explain',
      summary: 'Where a request would go, and why.',
      role: 'reader',
      query: queries.explain,
      answers: { 200: 'Explanation', 503: 'Problem' },
      handle: async ({ text }) => {
        const question = explainQuestion(text)
        if (question === undefined)
          return problem(400, 'url is not a URL: write http://HOST/PATH, encoded for a query')
        const explanation = await traffic.explain(question)
        return explanation === undefined
          ? problem(503, 'no traffic process answered')
          : jsonResponse(wholeExplanation(explanation))
      },
    },
  ]
}

function actingEndpoints({ settings, steering }: Parts): readonly Endpoint[] {
  return [
    {
      id: 'listActions',
      method: 'GET',
      path: '/actions',
      summary: 'The last actions of operators, with the orders before and after each.',
      role: 'reader',
      answers: { 200: 'Actions' },
      handle: () => jsonResponse({ actions: steering.records() }),
    },
    {
      id: 'act',
      method: 'POST',
      path: '/actions',
      summary:
        'Enables, disables, stops, removes, drains, ejects, readmits or weighs a node, the nodes of a domain, or a context. The answer tells how to undo it.',
      role: 'operator',
      body: 'ActionRequest',
      answers: { 200: 'Action', 404: 'Problem', 409: 'Problem' },
      handle: async ({ body, actor }) => answerOf(await steering.act(body as ActionRequest, actor)),
    },
    {
      id: 'getAction',
      method: 'GET',
      path: '/actions/{id}',
      summary: 'One action; of a drain, also how far it is.',
      role: 'reader',
      answers: { 200: 'Action', 404: 'Problem' },
      handle: ({ parameters }) => {
        const id = parameters['id'] as number
        const record = steering.record(id)
        return record === undefined ? problem(404, `no action ${id} is kept`) : jsonResponse(record)
      },
    },
    {
      id: 'undo',
      method: 'POST',
      path: '/actions/{id}/undo',
      summary:
        'Restores the orders before an action, unless they have changed since. Cancels a drain that is running.',
      role: 'operator',
      answers: { 200: 'Action', 404: 'Problem', 409: 'Problem' },
      handle: async ({ parameters, actor }) =>
        answerOf(await steering.undo(parameters['id'] as number, actor)),
    },
    {
      id: 'reload',
      method: 'POST',
      path: '/reload',
      summary: 'Reads the configuration again; with problems nothing changes.',
      role: 'operator',
      answers: { 200: 'Reloaded', 409: 'Reloaded', 501: 'Problem' },
      handle: (input) => reload(settings, input),
    },
    {
      id: 'upgrade',
      method: 'POST',
      path: '/upgrade',
      summary: 'Starts the program anew, in place of this process; with problems nothing changes.',
      role: 'operator',
      answers: { 200: 'Upgraded', 409: 'Upgraded', 501: 'Problem' },
      handle: (input) => upgrade(settings, input),
    },
  ]
}

async function reload(
  { operations, log }: ControlSettings,
  { actor }: Input,
): Promise<PageResponse> {
  if (operations === undefined) return problem(501, 'not served by this program')
  const outcome = await operations.reload()
  log.info({ action: 'reload', ok: outcome.ok, ...actor }, 'operator action')
  return jsonResponse(outcome, outcome.ok ? 200 : 409)
}

async function upgrade(
  { operations, log }: ControlSettings,
  { actor }: Input,
): Promise<PageResponse> {
  if (operations === undefined) return problem(501, 'not served by this program')
  log.info({ action: 'upgrade', ...actor }, 'operator action')
  const outcome = await operations.upgrade()
  return jsonResponse(outcome, outcome.ok ? 200 : 409)
}

const answerOf = (outcome: ActionOutcome): PageResponse =>
  outcome.ok ? jsonResponse(outcome.record) : problem(outcome.status, outcome.detail)

/** The parts of all items; `undefined` for an item without parts, so that each item is a step. */
function* flat<Item, Part>(
  items: Iterable<Item>,
  of: (item: Item) => readonly Part[],
): Generator<Part | undefined> {
  for (const item of items) {
    const parts = of(item)
    if (parts.length === 0) yield undefined
    yield* parts
  }
}
