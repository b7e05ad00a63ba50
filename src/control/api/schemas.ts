// What the API takes and gives, as schemas: they check requests, and the OpenAPI description is made from them.

import { z } from 'zod'
import { eventLimits } from '../../base/limits.ts'

const status = z.enum(['ENABLED', 'DISABLED', 'STOPPED'])
const ordered = z.enum(['DISABLED', 'STOPPED'])
const count = z.int().min(0)
const text = (bytesMax: number): z.ZodString => z.string().min(1).max(bytesMax)

const context = z.strictObject({
  path: z.string(),
  alias: z.string(),
  status: status.meta({ description: 'The less enabled of `own` and `order`.' }),
  order: ordered.optional().meta({ description: 'What an operator has ordered.' }),
  own: status.optional().meta({ description: "The node's own status, where there is an order." }),
  inFlight: count.meta({ description: 'Requests in flight on the path, under any alias.' }),
})

const node = z.strictObject({
  route: z.string(),
  balancer: z.string(),
  domain: z.string().meta({ description: 'Empty when none.' }),
  host: z.string(),
  port: z.int(),
  type: z.string(),
  removal: z.string().meta({ description: '`none` while the node is registered.' }),
  fixed: z.boolean().meta({ description: 'Named in the configuration.' }),
  backup: z.boolean(),
  source: z.string(),
  loadFactor: z
    .int()
    .min(-1)
    .max(1_000)
    .nullable()
    .meta({ description: '-1 broken, 0 standby, more is freer; null before the first report.' }),
  statusAgeMs: count.nullable().meta({ description: 'Since the last STATUS.' }),
  silent: z.boolean(),
  unconfirmed: z.boolean(),
  health: z.enum(['up', 'unchecked', 'suspect', 'down']),
  reason: z.string().nullable().meta({ description: 'Why it is down.' }),
  inFlight: count,
  maxConnections: count.nullable(),
  queued: count,
  room: z.strictObject({
    inHand: z.number(),
    long: z.number(),
    ms: z.number().nullable(),
    knee: z.number(),
  }),
  sessions: count,
  elected: count,
  failures: count,
  errors: count,
  bytesRead: count,
  bytesSent: count,
  order: ordered.optional(),
  contexts: z.array(context),
})

const balancer = z.looseObject({ name: z.string() })

const worker = z.strictObject({
  pid: z.int().nullable().meta({ description: 'null while the process is being replaced.' }),
  connections: count,
  requests: count,
  restarts: count,
})

const orders = z.strictObject({
  route: z.string(),
  node: ordered.optional(),
  contexts: z.array(z.strictObject({ alias: z.string(), path: z.string(), status })),
})

const proxy = z.strictObject({
  version: count.meta({ description: 'Changes since the start.' }),
  draining: z.boolean(),
  state: z
    .strictObject({
      file: z.string(),
      reason: z.string().nullable(),
      writes: count,
      failures: count,
    })
    .nullable(),
  traffic: z.record(z.string(), z.unknown()),
  orders: z.array(orders).meta({ description: 'For nodes that are not registered now.' }),
})

const event = z.strictObject({
  id: z.int().min(1),
  at: z.iso.datetime(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  detail: z.record(z.string(), z.unknown()),
})

const target = {
  node: text(80).optional().meta({ description: 'The route of a node.' }),
  domain: text(80).optional().meta({ description: 'All nodes of a domain.' }),
  context: text(512)
    .optional()
    .meta({ description: 'A path; without node and domain, wherever it is.' }),
  alias: text(255).optional().meta({ description: 'With `context`: under this alias only.' }),
  reason: text(1_024).optional().meta({ description: 'Kept with the record.' }),
}

const actionRequest = z.strictObject({
  action: z.enum(['enable', 'disable', 'stop', 'remove']),
  ...target,
})

const action = z.strictObject({
  id: z.int().min(1),
  at: z.iso.datetime(),
  action: z.enum(['enable', 'disable', 'stop', 'remove', 'undo']),
  ...target,
  undoes: z.int().optional().meta({ description: 'The action that this one undoes.' }),
  by: z.strictObject({ role: z.enum(['reader', 'operator']), from: z.string() }),
  nodes: z.array(
    z.strictObject({
      route: z.string(),
      before: orders,
      after: orders,
      problem: z.string().nullable().meta({ description: 'Why nothing changed there.' }),
    }),
  ),
  undo: z.string().nullable().meta({ description: 'Where to POST in order to undo it.' }),
})

const explanation = z.looseObject({
  refusal: z.string().nullable(),
  node: z.string().nullable(),
  why: z.string(),
})

const reloaded = z.strictObject({
  ok: z.boolean(),
  changed: z.array(z.string()).optional(),
  restart: z.array(z.string()).optional(),
  problems: z.array(z.string()).optional(),
})

const problem = z.strictObject({
  title: z.string(),
  status: z.int(),
  detail: z.string(),
})

/** The names in the OpenAPI description. */
export type SchemaName =
  | 'Action'
  | 'ActionRequest'
  | 'Actions'
  | 'Balancers'
  | 'Contexts'
  | 'Events'
  | 'Explanation'
  | 'Node'
  | 'Nodes'
  | 'Problem'
  | 'Proxy'
  | 'Reloaded'
  | 'Workers'

export const schemas: Readonly<Record<SchemaName, z.ZodType>> = {
  Action: action,
  ActionRequest: actionRequest,
  Actions: z.strictObject({ actions: z.array(action) }),
  Balancers: z.strictObject({ balancers: z.array(balancer) }),
  Contexts: z.strictObject({
    contexts: z.array(z.strictObject({ node: z.string(), ...context.shape })),
  }),
  Events: z.strictObject({ last: count, events: z.array(event) }),
  Explanation: explanation,
  Node: node,
  Nodes: z.strictObject({ nodes: z.array(node) }),
  Problem: problem,
  Proxy: proxy,
  Reloaded: reloaded,
  Workers: z.strictObject({ workers: z.array(worker) }),
}

/** Parameters of queries arrive as text. */
const number = (most: number): z.ZodType<number, unknown> =>
  z.coerce.number().int().min(0).max(most)

export const queries: Readonly<Record<'nodes' | 'events' | 'explain', z.ZodType>> = {
  nodes: z.strictObject({
    balancer: z.string().optional(),
    domain: z.string().optional(),
  }),
  events: z.strictObject({
    after: number(Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({ description: 'Events with a greater id only.' }),
    limit: number(eventLimits.keptMax).optional().meta({ description: 'The newest of them.' }),
  }),
  explain: z.strictObject({
    url: text(8_192).meta({ description: 'The URL of the request, or its path.' }),
    cookie: z.string().optional(),
    client: z.string().optional().meta({ description: 'Address of the client.' }),
    header: z.string().optional().meta({ description: '`Name: value`; may be repeated.' }),
  }),
}
