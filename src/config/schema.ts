// The configuration of `topspin serve`: one schema that validates the file, the environment and the
// flags, gives the defaults, and is the source of docs/configuration.md.

import { z } from 'zod'
import { formatDuration } from '../base/duration.ts'
import type { Endpoint, HostPort } from '../base/host-port.ts'
import { ajpLimits, mcmpLimits, workerLimits } from '../base/limits.ts'
import type { CascadeEntry } from '../candidacy/cascades.ts'
import { defaultCascade, kinds } from '../candidacy/index.ts'
import type { ClientAuth } from '../net/tls-acceptor.ts'
import { defaultSettings } from '../proxy/index.ts'
import { balance, cascade } from './schema-cascades.ts'
import {
  count,
  duration,
  endpoint,
  file,
  fileName,
  hostName,
  level,
  list,
  listenerTls,
  multicastGroup,
  network,
  nodeAddress,
  pem,
  pin,
  pseudonym,
  secret,
  section,
  secureEndpoint,
  sharedSecret,
  time,
  word,
  yesNo,
} from './schema-forms.ts'

/** All durations are milliseconds here, whatever unit they were written in. */
export interface Config {
  readonly listen: readonly Endpoint[]
  readonly control: {
    readonly listen: HostPort
    readonly console?: HostPort | undefined
    readonly allow: readonly string[]
    readonly secret?: string | undefined
    readonly secretFile?: string | undefined
    readonly nodes: { readonly allow: readonly string[] }
    readonly compat: boolean
    readonly traffic: boolean
    readonly statusTimeout: number
    readonly removeAfter: number
    readonly tls: ListenerTls
    readonly limits: {
      readonly nodes: number
      readonly aliases: number
      readonly contexts: number
      readonly messageBytes: number
    }
  }
  readonly tls: ListenerTls & { readonly forwardClientCert: boolean }
  readonly nodeTls: {
    readonly ca?: string | undefined
    readonly pin: readonly string[]
    readonly cert?: string | undefined
    readonly key?: string | undefined
    readonly servername?: string | undefined
    readonly verify: boolean
  }
  readonly to: readonly Endpoint[]
  /** Processes that carry the traffic; 0: this one does. Absent: as many as processors are granted. */
  readonly workers?: number | undefined
  readonly trust: readonly string[]
  readonly useAlias: boolean
  readonly noContextStatus: number
  readonly deterministicFailover: boolean
  /** Absent: a new one at each start. */
  readonly via?: string | undefined
  readonly candidacy: readonly string[]
  readonly balance: readonly CascadeEntry[]
  readonly maxConnections: number
  readonly timeouts: {
    readonly head: number
    readonly idle: number
    readonly body: number
    readonly send: number
    readonly connect: number
    readonly responseHead: number
    readonly responseBody: number
    readonly tunnel: number
    readonly drain: number
  }
  readonly pool: { readonly idle: number; readonly idleMax: number }
  readonly ajp: { readonly secret: string; readonly packetSize: number }
  readonly advertise: {
    /** Absent: the proxy does not advertise itself. */
    readonly group?: HostPort | undefined
    readonly interface?: string | undefined
    readonly key?: string | undefined
    readonly address?: HostPort | undefined
    readonly every: number
    readonly ttl: number
  }
  /** Absent: the registry does not survive the proxy. */
  readonly state?: string | undefined
  readonly accessLog: string
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}

/** Names of files, and what is asked of clients. */
export interface ListenerTls {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string | undefined
  readonly clientAuth: ClientAuth
}

const configSchema: z.ZodType<Config, unknown> = section({
  listen: list(secureEndpoint(0), '127.0.0.1:8000', {
    form: 'HOST:PORT or https://HOST:PORT, or a list',
    description:
      'Where clients connect; with `https://` in front by TLS, see `tls`. Port 0 takes any free port.',
  }),
  tls: section({
    cert: pem(
      'The certificate that clients see at the `https://` addresses of `listen`, with those between it and the authority behind it. SIGHUP reads it again.',
    ),
    ...listenerTls,
    forwardClientCert: yesNo(
      'Tell nodes the certificate that a client has shown, in `Client-Cert` (RFC 9440). What clients send under that name is always taken out.',
    ).prefault(false),
  }),
  control: section({
    listen: endpoint(0).prefault('127.0.0.1:6666').meta({
      form: 'HOST:PORT',
      description:
        'Where nodes register (MCMP), and where `/api/status`, `/metrics`, `/livez` and `/readyz` answer. Whoever reaches this address can take traffic: keep it away from clients.',
    }),
    console: endpoint(0).optional().meta({
      form: 'HOST:PORT',
      description:
        'A second address for people: the manager page and the other pages, but no MCMP. Browsers refuse to open port 6666. Default: none.',
    }),
    allow: list(network, '', {
      form: 'network, or a list',
      description:
        'Addresses and networks from which connections to this listener are taken; others are closed at once. None: every address that can reach it.',
    }),
    secret: sharedSecret(
      'What everything on this listener but `/livez` and `/readyz` must carry: `Authorization: Bearer SECRET`, or the password of Basic. mod_cluster on Java cannot; such nodes are refused and go on trying.',
    ).optional(),
    secretFile: fileName(
      'The file whose first line is the secret; it outranks `control.secret`.',
    ).optional(),
    nodes: section({
      allow: list(nodeAddress, '', {
        form: 'network or name, or a list',
        description:
          'Where nodes may be: addresses, networks, host names, and `.suffix` for all names below one. A name that is not listed counts by its addresses. None: everywhere but at the addresses where clouds hand out credentials (169.254.0.0/16, fe80::/10 and their like).',
      }),
    }),
    compat: yesNo(
      'The manager page takes actions by GET with its token too, as in httpd, for scripts that know no other way; a wrong token is then ignored rather than refused.',
    ).prefault(false),
    traffic: yesNo(
      'One port for everything: what comes to this listener and is neither MCMP nor one of its pages is traffic. For tests and small set-ups where every client may also register; needs `workers: 0`, which is then the default, and gives each request but MCMP a connection of its own.',
    ).prefault(false),
    statusTimeout: duration(
      0,
      'A node that has reported and then is silent for this long gets no new work while others are there. 0 turns that off.',
    ).prefault('60s'),
    removeAfter: duration(
      0,
      'How long a removed node is still shown under its name; its line disappears after twice this time.',
    ).prefault('10s'),
    tls: section({
      cert: pem(
        'The certificate that nodes see. When it is given the control listener speaks TLS and nothing else.',
      ),
      ...listenerTls,
    }),
    limits: section({
      nodes: count(1, 100_000, 'Nodes that may be registered (Maxnode of httpd).').prefault(
        mcmpLimits.nodesMax,
      ),
      aliases: count(
        1,
        1_000_000,
        'Host aliases of all nodes together, each counted once for each node (Maxhost).',
      ).prefault(mcmpLimits.hostsMax),
      contexts: count(
        1,
        1_000_000,
        'Contexts of all nodes together, each counted once for each alias (Maxcontext).',
      ).prefault(mcmpLimits.contextsMax),
      messageBytes: count(
        1_024,
        16_777_216,
        'Longest body of a message; a longer one is refused (MaxMCMPMessSize).',
      ).prefault(mcmpLimits.messageBytesMax),
    }),
  }),
  nodeTls: section({
    ca: pem(
      'The authorities that may have signed the certificates of nodes of the types https and wss. Default: those that Node.js knows.',
    ),
    pin: list(pin, '', {
      form: 'fingerprint, or a list',
      description:
        'The only certificates that nodes may show: SHA-256 of the certificate in 64 digits, or of its public key as `sha256//BASE64`. Without `nodeTls.ca` the pin decides alone, whoever signed the certificate and whatever name and date it carries; with it both must hold.',
    }),
    cert: pem('The certificate that is shown to nodes that ask for one.'),
    key: pem('The key of `nodeTls.cert`.'),
    servername: hostName,
    verify: yesNo(
      'Check the certificates of nodes. Without, anybody in between can read and change everything.',
    ).prefault(true),
  }),
  to: list(secureEndpoint(1), '', {
    form: 'HOST:PORT or https://HOST:PORT, or a list',
    description: 'Fixed nodes that serve `/` and need not register; with `https://` over TLS.',
  }),
  workers: count(
    0,
    workerLimits.workersMax,
    'Processes that carry the traffic, all at the same addresses. 0: the process that runs the control listener does. `maxConnections` and `pool.idleMax` hold for each of them. Default: as many as the processors that the machine or its container grants.',
  ).optional(),
  trust: list(network, '', {
    form: 'network, or a list',
    description:
      'Proxies in front of this one: from these addresses and networks `Forwarded` and `X-Forwarded-*` are believed; from others they are replaced.',
  }),
  useAlias: yesNo(
    'Choose contexts by the name in `Host` too: only those with that alias answer. Otherwise every context answers under every name.',
  ).prefault(false),
  noContextStatus: count(
    400,
    599,
    'Status of the answer to a request that no context is registered for (ResponseStatusCodeOnNoContext of httpd).',
  ).prefault(defaultSettings.noContextStatus),
  deterministicFailover: yesNo(
    'All requests of a session that has lost its node go to the same other node, chosen by the session id: puts `bySessionId` in front of the last function of `candidacy`.',
  ).prefault(false),
  via: pseudonym(
    'The name of this proxy in `Via`. A request that comes back under it is a loop and refused, so proxies in a row need different ones. Default: a new one at each start.',
  ).optional(),
  candidacy: cascade.prefault(defaultCascade.join(', ')).meta({
    form: 'list of functions',
    description: `The functions that choose the node of a request, in order, each with its argument: ${kinds.map((kind) => `\`${kind.name}\``).join(', ')}, or \`./FILE.js#NAME\` for one of your own. [candidacy.md](candidacy.md) explains them.`,
  }),
  balance: balance.prefault([]).meta({
    form: 'list of `path` and `candidacy`, or the same as JSON',
    description:
      'Other functions for some paths: the longest `path` in which a request lies has its own `candidacy`, which replaces the one above it as a whole.',
  }),
  maxConnections: count(
    1,
    1_000_000,
    'Client connections at once; more are refused. A process takes no more than its limit of open files allows, less what it needs for connections to nodes.',
  ).prefault(defaultSettings.connectionsMax),
  timeouts: section({
    head: time('headMs', 'From the first byte of a request to the end of its head.'),
    idle: time('idleMs', 'A kept-alive client connection without a request.'),
    body: time('bodyMs', 'Between two pieces of a request body.'),
    send: time('sendMs', 'A client that takes nothing of what is sent to it.'),
    connect: time('connectMs', 'Connecting to a node.'),
    responseHead: time('responseHeadMs', 'From the end of a request to the head of its response.'),
    responseBody: time('responseBodyMs', 'Between two pieces of a response body.'),
    tunnel: time('tunnelMs', 'A tunnel (WebSocket) without a byte in either direction.'),
    drain: duration(0, 'On SIGTERM: how long requests in flight may take to end.').prefault('25s'),
  }),
  pool: section({
    idle: duration(1, 'How long an unused connection to a node is kept.').prefault(
      formatDuration(defaultSettings.poolIdleMs),
    ),
    idleMax: count(0, 100_000, 'Unused connections kept for each node.').prefault(
      defaultSettings.poolIdleMax,
    ),
  }),
  ajp: section({
    secret: secret(
      'What nodes of type `ajp` want to be told with each request (`secret` of their connector); one for all of them. Empty: none is sent. In the environment it is not seen in a list of processes.',
    ).prefault(''),
    packetSize: count(
      ajpLimits.packetBytesMin,
      ajpLimits.packetBytesMax,
      'Longest packet to nodes of type `ajp`, bytes: what their connectors have as `packetSize` (`max-ajp-packet-size`). The head of a request must fit into one.',
    ).prefault(defaultSettings.ajp.packetBytes),
  }),
  advertise: section({
    group: multicastGroup.optional(),
    interface: word(
      'NAME or address',
      'The network interface that the datagrams leave by. Default: the choice of the system.',
    ).optional(),
    key: word(
      'text',
      'Nodes with the same key (AdvertiseSecurityKey) believe this proxy and no other.',
    ).optional(),
    address: endpoint(1)
      .meta({
        form: 'HOST:PORT',
        description:
          'Where nodes reach the control listener. Default: where it listens, or for a wildcard the address of the interface.',
      })
      .optional(),
    every: duration(100, 'Between two datagrams.').prefault('10s'),
    ttl: count(0, 255, 'Routers that a datagram may pass, plus one.').prefault(10),
  }),
  state: fileName(
    'Where the registry survives the proxy: after a restart, or a crash, it serves the same nodes and sessions at once. Each proxy has a file of its own. Default: nodes register again.',
  ).optional(),
  accessLog: file('One line of JSON for each request.').prefault('off'),
  log: section({ level: level.prefault('info') }),
})

export type ParseResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** One thing that is wrong. */
export interface Issue {
  readonly path: readonly (string | number)[]
  readonly message: string
  /** The key itself is not known; `path` ends with it. */
  readonly unknownKey: boolean
}

/** Validates a tree of raw values; absent keys get their defaults. */
export function validateConfig(raw: unknown): ParseResult {
  const result = configSchema.safeParse(raw)
  if (result.success) return consistent(result.data)
  return { ok: false, issues: result.error.issues.flatMap(issuesOf) }
}

/** What two keys say together. */
function consistent(config: Config): ParseResult {
  if (!config.control.traffic || (config.workers ?? 0) === 0) return { ok: true, config }
  const message = 'needs workers: 0'
  return { ok: false, issues: [{ path: ['control', 'traffic'], message, unknownKey: false }] }
}

/** The schema as JSON Schema (draft 2020-12), input side. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

/** The parts of JSON Schema that this schema uses. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly default?: unknown
  readonly form?: string
  readonly description?: string
}

function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code !== 'unrecognized_keys')
    return [{ path, message: issue.message, unknownKey: false }]
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: 'unknown key',
    unknownKey: true,
  }))
}
