// What the API takes and gives, as schemas: they check requests, and the OpenAPI description is made from them.

import { z } from 'zod'
import { eventLimits, failureLimits, steeringLimits } from '../../base/limits.ts'
import { statusFilterForm } from '../requests/request-filter.ts'

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

const weight = z
  .int()
  .min(1)
  .max(100)
  .meta({ description: 'Percent of its share of the requests.' })

const trend = {
  perSecond: z
    .number()
    .min(0)
    .meta({ description: 'Requests that ended, in one second, over the last 5 to 10 s.' }),
  errorsPerSecond: z.number().min(0).meta({ description: 'Those with a status of 500 or more.' }),
  p50Ms: z.number().nullable().meta({ description: 'Half of them took no longer.' }),
  p99Ms: z.number().nullable().meta({ description: '99 of 100 took no longer.' }),
}

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
  ejectedForErrors: z
    .boolean()
    .meta({ description: 'For errors, for a while: it gets requests of its own sessions only.' }),
  inFlight: count,
  connections: count.meta({ description: 'Open connections to it.' }),
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
  weight: weight,
  ejected: z
    .boolean()
    .meta({ description: 'An operator has taken it out until it is readmitted.' }),
  order: ordered.optional(),
  contexts: z.array(context),
  ...trend,
})

const nodeDetail = z.strictObject({
  ...node.shape,
  settings: z
    .strictObject({
      reversed: z.boolean(),
      flushPackets: z.enum(['off', 'on', 'auto']),
      flushWaitMs: z.number(),
      pingMs: z.number(),
      smax: z.number(),
      ttlMs: z.number(),
      timeoutMs: z.number(),
    })
    .meta({ description: 'What it registered with.' }),
  from: z.string().nullable().meta({ description: 'Address that it registered from.' }),
  loadMetrics: z
    .array(
      z.strictObject({
        name: z.string(),
        value: z.number().min(0).nullable().meta({ description: 'null: the node is unavailable.' }),
        capacity: z.number().min(0).meta({ description: 'The value that means full.' }),
        load: z.number().min(0).meta({ description: 'Decaying mean of value / capacity.' }),
        weight: z
          .number()
          .min(0)
          .nullable()
          .meta({ description: 'null where the greatest load counts.' }),
      }),
    )
    .meta({ description: 'Behind the load factor; told by agents of Topspin alone.' }),
  responses: z
    .record(z.string(), count)
    .meta({ description: 'Since it registered, by class of status.' }),
  recentFailures: z
    .array(
      z.strictObject({
        at: z.iso.datetime(),
        code: z.string(),
        reason: z.string(),
        request: z.string().meta({ description: 'Method and path; empty for a probe.' }),
      }),
    )
    .meta({ description: `The last ${failureLimits.keptMax}, the oldest first.` }),
})

const column = z.array(z.number().nullable())
const columns = {
  perSecond: column,
  errorsPerSecond: column,
  p50Ms: column,
  p99Ms: column,
  inFlight: column,
}

const listener = z.strictObject({
  use: z.enum(['traffic', 'control', 'console', 'health']),
  address: z.string(),
  tls: z.boolean(),
  clientAuth: z.enum(['none', 'request', 'require']),
  http2: z.boolean(),
  proxyProtocol: z.array(z.string()).nullable(),
})

const configurationValue = z.strictObject({
  key: z.string(),
  value: z.unknown(),
  source: z.enum(['default', 'file', 'environment', 'flag']),
  place: z.string().nullable(),
  restart: z.boolean().meta({ description: 'A changed value waits for a restart.' }),
})

const balancer = z.looseObject({ name: z.string() })

const worker = z.strictObject({
  pid: z.int().nullable().meta({ description: 'null while the process is being replaced.' }),
  connections: count,
  requests: count,
  restarts: count,
})

const time = z.iso.datetime()

const certificate = z.strictObject({
  names: z.array(z.string()).meta({ description: 'The names that it serves.' }),
  source: z.enum(['file', 'acme']),
  key: z.string().meta({ description: 'The key of the configuration that names it.' }),
  issuer: z.string().nullable().meta({ description: 'null while there is no certificate.' }),
  notBefore: time.nullable(),
  notAfter: time.nullable(),
  renewal: z
    .strictObject({
      at: time.meta({ description: 'When the next order is due.' }),
      failures: count.meta({ description: 'Orders in a row that have failed.' }),
      error: z.string().nullable().meta({ description: 'Why the last of them has failed.' }),
    })
    .nullable()
    .meta({ description: 'The orders of the proxy; null for files.' }),
})

const orders = z.strictObject({
  route: z.string(),
  node: ordered.optional(),
  contexts: z.array(z.strictObject({ alias: z.string(), path: z.string(), status })),
  ejected: z.literal(true).optional(),
  weight: weight.optional(),
})

const proxy = z.strictObject({
  caller: z
    .strictObject({ role: z.enum(['reader', 'operator']), name: z.string().nullable() })
    .meta({ description: 'Who asks: the role, and the name of the token.' }),
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

const request = z.strictObject({
  at: z.iso.datetime().meta({ description: 'Its end.' }),
  client: z.string(),
  remote: z.string().meta({ description: 'Of the connection: a proxy in front, or the client.' }),
  method: z.string(),
  target: z.string(),
  host: z.string(),
  protocol: z.enum(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0']),
  tls: z.string().meta({ description: 'Empty without TLS.' }),
  userAgent: z.string(),
  status: z.int().min(0).max(999).meta({ description: '0: the client was gone before.' }),
  code: z.string().meta({ description: 'Why no node answered; empty when one has.' }),
  route: z.string().meta({ description: 'Of the node; empty when none was asked.' }),
  balancer: z.string(),
  context: z.string(),
  rule: z.string(),
  attempts: count,
  waitMs: z.number().min(0).nullable(),
  firstByteMs: z.number().min(0).nullable(),
  durationMs: z.number().min(0),
  bytes: count,
  bytesIn: count,
  requestId: z.string(),
  traceId: z.string(),
})

const finding = z.strictObject({
  result: z.enum(['ok', 'warn', 'fail']),
  what: z.string(),
  seen: z.string(),
  advice: z.string().meta({ description: 'The remedy; empty if none is needed.' }),
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

const actions = [
  'enable',
  'disable',
  'stop',
  'remove',
  'drain',
  'eject',
  'readmit',
  'weight',
] as const

const given = {
  ...target,
  weight: weight.optional(),
  withinMs: z
    .int()
    .min(0)
    .max(steeringLimits.drainMsMax)
    .optional()
    .meta({ description: 'Of a drain: how long sessions may continue. Default 30 000.' }),
}

const actionRequest = z.strictObject({ action: z.enum(actions), ...given })

const drainState = z.enum(['sessions', 'requests', 'done', 'late', 'overtaken', 'cancelled'])

const drain = z.strictObject({
  state: drainState.meta({
    description:
      'Of the node that is furthest behind. sessions: disabled, sessions may continue; requests: stopped, the last requests end; late: these took too long; overtaken: somebody has changed the orders.',
  }),
  until: z.iso.datetime().meta({ description: 'When sessions end at the latest.' }),
  ended: z.iso.datetime().nullable(),
  nodes: z.array(
    z.strictObject({ route: z.string(), state: drainState, sessions: count, inFlight: count }),
  ),
})

const action = z.strictObject({
  id: z.int().min(1),
  at: z.iso.datetime(),
  action: z.enum([...actions, 'undo']),
  ...given,
  undoes: z.int().optional().meta({ description: 'The action that this one undoes.' }),
  by: z.strictObject({
    role: z.enum(['reader', 'operator']),
    from: z.string(),
    name: z.string().optional().meta({ description: 'Of the token.' }),
  }),
  nodes: z.array(
    z.strictObject({
      route: z.string(),
      before: orders,
      after: orders,
      problem: z.string().nullable().meta({ description: 'Why nothing changed there.' }),
    }),
  ),
  undo: z.string().nullable().meta({ description: 'Where to POST in order to undo it.' }),
  drain: drain.optional(),
})

const cluster = z.strictObject({
  name: z.string(),
  proxy: z.string().meta({ description: 'This proxy.' }),
  mode: z.enum(['joined', 'alone']),
  reason: z.string().nullable().meta({ description: 'Why it is alone.' }),
  modeMs: z.int().meta({ description: 'In this mode.' }),
  server: z.string().nullable().meta({ description: 'The NATS server that it is connected to.' }),
  revision: z.int().meta({ description: 'Last change that was seen.' }),
  lagMs: z
    .number()
    .nullable()
    .meta({ description: 'From a write until this proxy saw it itself.' }),
  unwritten: z.int().meta({ description: 'Records accepted here and not in the store.' }),
  listings: z.int().meta({ description: 'Times that the whole store was read.' }),
  massSilence: z.boolean(),
  badRecords: z.array(z.strictObject({ key: z.string(), reason: z.string() })),
  proxies: z.array(
    z.strictObject({
      name: z.string(),
      zone: z.string(),
      control: z.string().meta({ description: 'Address of its control listener.' }),
      version: z.string(),
      started: z.string(),
      ageMs: z.int().meta({ description: 'Since its last sign of life.' }),
      clockMs: z.int().meta({ description: 'Its clock less that of this proxy.' }),
      isSelf: z.boolean(),
    }),
  ),
})

const explanation = z.looseObject({
  refusal: z.string().nullable(),
  node: z.string().nullable(),
  why: z.string(),
  rule: z
    .strictObject({
      number: z.int().min(1),
      name: z.string(),
      did: z
        .array(z.string())
        .meta({ description: 'What it does to the request, a sentence each.' }),
    })
    .nullable()
    .meta({ description: 'The rule of `routes` that applies.' }),
  method: z.string(),
  isIdempotent: z
    .boolean()
    .meta({ description: 'After a failed attempt it may be sent again in any case.' }),
  protocols: z.strictObject({
    clients: z.array(z.string()).meta({ description: 'What clients may speak.' }),
    node: z.string().nullable().meta({ description: 'What the chosen node is asked in.' }),
  }),
  processes: z
    .array(
      z.strictObject({
        pid: z.int().nullable(),
        node: z.string().nullable(),
        refusal: z.string().nullable(),
      }),
    )
    .meta({ description: 'What each traffic process would do now, by its own counts.' }),
  agreement: z.string().meta({ description: 'Whether they agree, in words.' }),
})

const peers = z.strictObject({
  peers: z.array(
    z.strictObject({
      name: z.string(),
      url: z.string(),
      isRead: z.boolean().meta({ description: 'Its page was read: it has rows in `sent`.' }),
      seenBy: count.meta({ description: 'Peers that were read and have it as present.' }),
      knownBy: count.meta({ description: 'Peers that were read and know it.' }),
      resources: z
        .record(z.string(), z.number())
        .meta({ description: 'Of its announcement: `cores`, `load`, `inHand`, `knee`, ...' }),
    }),
  ),
  sent: z
    .array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        state: z.enum(['self', 'present', 'silent', 'left']),
        loss: z.number().min(0).max(1),
        requests: count,
        failures: count,
        inFlight: count,
        perSecond: z.number().min(0).nullable(),
      }),
    )
    .meta({ description: 'Who has handed over to whom.' }),
  problems: z
    .array(z.strictObject({ page: z.string(), reason: z.string() }))
    .meta({ description: 'Pages that could not be read.' }),
})

const reloaded = z.strictObject({
  ok: z.boolean(),
  changed: z.array(z.string()).optional(),
  restart: z.array(z.string()).optional(),
  problems: z.array(z.string()).optional(),
})

const program = z.strictObject({ pid: z.int(), version: z.string() })

const upgraded = z.strictObject({
  ok: z.boolean(),
  serving: program.optional(),
  ending: program.optional(),
  withinMs: z.number().optional(),
  problems: z.array(z.string()).optional(),
})

const problem = z.strictObject({
  title: z.string(),
  status: z.int(),
  detail: z.string(),
})

/** The names in the OpenAPI description. Some are shapes of commands with `--json` alone. */
export type SchemaName =
  | 'Action'
  | 'ActionRequest'
  | 'Actions'
  | 'Applications'
  | 'Balancers'
  | 'Certificates'
  | 'Cluster'
  | 'Configuration'
  | 'Contexts'
  | 'Event'
  | 'Events'
  | 'Explanation'
  | 'Findings'
  | 'Health'
  | 'History'
  | 'Listeners'
  | 'Node'
  | 'NodeDetail'
  | 'Nodes'
  | 'Peers'
  | 'Problem'
  | 'Proxy'
  | 'Reloaded'
  | 'Request'
  | 'Status'
  | 'Top'
  | 'Upgraded'
  | 'Workers'

export const schemas: Readonly<Record<SchemaName, z.ZodType>> = {
  Action: action,
  ActionRequest: actionRequest,
  Actions: z.strictObject({ actions: z.array(action) }),
  Applications: z.strictObject({
    applications: z.array(
      z.strictObject({
        balancer: z.string(),
        context: z.string(),
        ...trend,
        retriedPerSecond: z
          .number()
          .min(0)
          .meta({ description: 'Those that were sent to a node more than once.' }),
      }),
    ),
  }),
  Balancers: z.strictObject({ balancers: z.array(balancer) }),
  Certificates: z.strictObject({ certificates: z.array(certificate) }),
  Cluster: cluster,
  Configuration: z.strictObject({ values: z.array(configurationValue) }),
  Contexts: z.strictObject({
    contexts: z.array(z.strictObject({ node: z.string(), ...context.shape })),
  }),
  Event: event,
  Events: z.strictObject({ last: count, events: z.array(event) }),
  Explanation: explanation,
  Findings: z.array(finding),
  Health: z.strictObject({ ok: z.boolean(), detail: z.string() }),
  History: z.strictObject({
    everyMs: z.int(),
    at: z.array(z.iso.datetime()),
    traffic: z.strictObject(columns),
    nodes: z.array(z.strictObject({ route: z.string(), ...columns })),
  }),
  Listeners: z.strictObject({ listeners: z.array(listener) }),
  Node: node,
  NodeDetail: nodeDetail,
  Nodes: z.strictObject({ nodes: z.array(node) }),
  Peers: peers,
  Problem: problem,
  Proxy: proxy,
  Reloaded: reloaded,
  Request: request,
  Status: z.strictObject({ proxy, nodes: z.array(node), workers: z.array(worker) }),
  Top: z.strictObject({ nodes: z.array(node), traffic: proxy.shape.traffic }),
  Upgraded: upgraded,
  Workers: z.strictObject({ workers: z.array(worker) }),
}

/** Numbers of queries and paths arrive as text. */
const number = (least: number, most: number): z.ZodType<number, unknown> =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))

/** The parameters in paths of endpoints. */
export const pathParameters: Readonly<Record<'id' | 'route', z.ZodType>> = {
  id: number(1, Number.MAX_SAFE_INTEGER).meta({ description: 'Number of an action.' }),
  route: text(80).meta({ description: 'Name of a node.' }),
}

/** The names in a template such as `/nodes/{route}`. @throws TypeError for one without a schema. */
export function parametersIn(path: string): readonly (keyof typeof pathParameters)[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => {
    if (Object.hasOwn(pathParameters, name)) return name as keyof typeof pathParameters
    throw new TypeError(`${path}: no schema for {${name}}`)
  })
}

export const queries: Readonly<
  Record<'nodes' | 'events' | 'explain' | 'requests' | 'history', z.ZodType>
> = {
  nodes: z.strictObject({
    balancer: z.string().optional(),
    domain: z.string().optional(),
  }),
  events: z.strictObject({
    after: number(0, Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({ description: 'Events with a greater id only.' }),
    limit: number(0, eventLimits.keptMax).optional().meta({ description: 'The newest of them.' }),
  }),
  requests: z.strictObject({
    status: z
      .string()
      .regex(statusFilterForm, 'is not a status; write 404, 5xx, or 0 for clients that were gone')
      .optional()
      .meta({ description: 'A status, or a class as `5xx`.' }),
    path: text(512).optional().meta({ description: 'Beginning of the path.' }),
    node: text(80).optional().meta({ description: 'Route of the node that answered.' }),
    client: text(64).optional().meta({ description: 'Address of the client.' }),
    slowerThan: number(0, 86_400_000)
      .optional()
      .meta({ description: 'Requests that took this many milliseconds or more.' }),
    retried: z
      .enum(['yes'], { error: 'is not yes; leave it out for all requests' })
      .optional()
      .meta({ description: 'Requests that were sent to nodes more than once.' }),
  }),
  history: z.strictObject({ node: text(80).optional().meta({ description: 'This node alone.' }) }),
  explain: z.strictObject({
    url: text(8_192).meta({ description: 'The URL of the request, or its path.' }),
    method: z.string().max(32).optional().meta({ description: 'Default GET.' }),
    cookie: z.string().optional(),
    client: z.string().optional().meta({ description: 'Address of the client.' }),
    header: z.string().optional().meta({ description: '`Name: value`; may be repeated.' }),
  }),
}
