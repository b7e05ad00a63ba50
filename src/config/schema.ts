// The schema of the configuration of `topspin serve`: the one source of its types, checks and defaults, and of
// docs/configuration.md. A default that a service has of its own is imported from that service.

import { z } from 'zod'
import { formatDuration } from '../base/duration.ts'
import { defaultAddresses, type HostPort } from '../base/host-port.ts'
import { ajpLimits, mcmpLimits, peerPageLimits, workerLimits } from '../base/limits.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import { kinds } from '../candidacy/index.ts'
import { autoCascade, modClusterCascade } from '../candidacy/proxy-cascades.ts'
import type { HealthRule } from '../cluster/health-rule.ts'
import type { SendProxyRule } from '../cluster/send-proxy.ts'
import {
  defaultSettings,
  type HstsSettings,
  type RequestIdUse,
  type StickySettings,
  type Timeouts,
} from '../proxy/forms.ts'
import type { TrustedHeader } from '../wire/forwarded.ts'
import type { Underscores } from '../wire/http/field-name.ts'
import type { NodeEntry, NodeTlsFiles } from './node-entry.ts'
import { problemsOfNodes } from './node-problems.ts'
import { type AccessLogConfig, accessLog, problemsOfAccessLog } from './schema-access-log.ts'
import { type AcmeConfig, acme, problemsOfAcme } from './schema-acme.ts'
import { type BalanceEntry, balance, cascade } from './schema-cascades.ts'
import { type ClusterConfig, cluster, problemsOfCluster } from './schema-cluster.ts'
import {
  type HaproxyConfig,
  haproxy,
  problemsOfEngines,
  type XdsConfig,
  xds,
} from './schema-engines.ts'
import {
  ajpSecret,
  choice,
  count,
  duration,
  endpoint,
  fileName,
  hostName,
  level,
  list,
  multicastGroup,
  network,
  nodeAddress,
  pageUrl,
  pem,
  pin,
  pseudonym,
  section,
  sharedSecret,
  timeout,
  word,
  yesNo,
} from './schema-forms.ts'
import { health } from './schema-health.ts'
import { hsts, httpsRedirect, problemsOfRedirects, type RedirectEntry } from './schema-https.ts'
import { controlEntry, healthEntry, type ListenEntry, listenEntries } from './schema-listen.ts'
import { fixedNodes } from './schema-nodes.ts'
import { problemsOfRoutes, type RouteEntry, routes } from './schema-routes.ts'
import { sendProxy } from './schema-send-proxy.ts'
import { insertProblem, sticky, stickyOf } from './schema-sticky.ts'
import { type ListenerTls, listenerKeys, watch } from './schema-tls.ts'
import { type TokenEntry, tokens } from './schema-tokens.ts'
import { type TracingConfig, tracing } from './schema-tracing.ts'
import { expandShortForms } from './short-forms.ts'

/** The parsed configuration. Durations are milliseconds. */
export interface Config {
  readonly listen: readonly ListenEntry[]
  readonly control: {
    readonly listen: ListenEntry
    readonly console?: ListenEntry | undefined
    readonly names: readonly string[]
    readonly peers: readonly string[]
    readonly allow: readonly string[]
    readonly secret?: string | undefined
    readonly secretFile?: string | undefined
    readonly tokens: readonly TokenEntry[]
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
  readonly tls: ListenerTls & {
    readonly strictSni: boolean
    readonly forwardClientCert: boolean
    readonly ticketKeyFile?: string | undefined
    /** Time between two looks at the files of all TLS sections, ms; 0: never. */
    readonly watch: number
  }
  readonly acme: AcmeConfig
  /** `null`: requests are served without TLS. */
  readonly httpsRedirect: RedirectEntry | null
  /** `null`: no Strict-Transport-Security. */
  readonly hsts: HstsSettings | null
  readonly nodeTls: NodeTlsFiles
  readonly to: readonly NodeEntry[]
  readonly sendProxy: readonly SendProxyRule[]
  /** Traffic processes; 0: this process. Absent: one for each granted processor. */
  readonly workers?: number | undefined
  readonly trust: { readonly from: readonly string[]; readonly header: TrustedHeader }
  readonly headers: {
    readonly underscores: Underscores
    /** Bytes. */
    readonly maxField: number
    readonly maxTotal: number
    readonly maxCount: number
  }
  readonly target: { readonly strict: boolean }
  readonly allowHalfOpen: boolean
  readonly http2: boolean
  readonly useAlias: boolean
  readonly noContextStatus: number
  readonly deterministicFailover: boolean
  /** Absent: a new name at each start. */
  readonly via?: string | undefined
  readonly candidacy: readonly string[]
  readonly balance: readonly BalanceEntry[]
  readonly routes: readonly RouteEntry[]
  readonly sticky: StickySettings
  readonly health: {
    /** Absent: `/livez` and `/readyz` are on the control listener alone. */
    readonly listen?: ListenEntry | undefined
    readonly checks: readonly HealthRule[]
  }
  readonly drain: { readonly delay: number }
  readonly maxConnections: number
  readonly body: { readonly minRate: number }
  readonly timeouts: TrafficTimeouts & { readonly drain: number; readonly replaced: number }
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
  readonly cluster: ClusterConfig
  readonly haproxy: HaproxyConfig
  readonly xds: XdsConfig
  /** Absent: the registry is lost at a restart. */
  readonly state?: string | undefined
  readonly accessLog: AccessLogConfig
  readonly requestId: RequestIdUse
  readonly tracing: TracingConfig
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}

/** The timeouts of the traffic by their keys: `head` is its `headMs`. */
export type TrafficTimeouts = {
  readonly [Name in Exclude<keyof Timeouts, 'lingerMs'> as Name extends `${infer Key}Ms`
    ? Key
    : never]: number
}

const configSchema: z.ZodType<Config, unknown> = section({
  listen: listenEntries.prefault(defaultAddresses.clients).meta({
    form: 'HOST:PORT, unix:/PATH or a map, with https:// in front for TLS, or a list',
    description:
      'Addresses for clients; `https://` in front means TLS, see `tls`. Port 0 is any free port. A map has the address as `at` and the options of the file of a unix socket: `mode` (such as 660; default 666 less the umask), `owner` and `group` (by name or number), and `proxyProtocol`: the addresses and networks of proxies in front that send a PROXY header (version 1 or 2), or `unix`; connections from other addresses, and those without a header, are closed; and `tls`: the keys `cert` to `strictSni` of the section `tls` for this address alone, in place of that section; and `http2: true` or `false` for this address alone. In the environment, maps are written as JSON. See [sockets.md](sockets.md).',
  }),
  tls: section({
    cert: pem(
      'The certificate for the `https://` addresses of `listen`, followed by the intermediate certificates.',
    ),
    ...listenerKeys,
    strictSni: yesNo(
      'Refuse the handshakes of clients that ask for a name of no certificate, or for none, as one does that asks for an address. Otherwise they get the first certificate.',
    ).prefault(false),
    forwardClientCert: yesNo(
      'Send the certificate of the client to nodes in `Client-Cert` (RFC 9440). A `Client-Cert` field that a client sends is always removed.',
    ).prefault(false),
    ticketKeyFile: fileName(
      'File from which the key of session tickets is made: at least 48 random bytes, such as of `openssl rand -out FILE 48`. With it sessions are resumed after a restart, and by all proxies with the same file; write it anew to change the key. Default: a key of the proxy alone, which is new at each start and twice a day.',
    ).optional(),
    watch,
  }),
  acme,
  httpsRedirect: httpsRedirect.prefault('off'),
  hsts: hsts.prefault('off'),
  control: section({
    listen: controlEntry.prefault(defaultAddresses.nodes).meta({
      form: 'HOST:PORT, unix:/PATH or a map',
      description:
        'Address of the control listener: nodes register there (MCMP), and it answers `/api/status`, `/metrics`, `/livez` and `/readyz`. A machine that can reach it can register as a node and receive traffic, so clients must not reach it. A map is that of `listen`; the default `mode` is 600.',
    }),
    console: controlEntry.optional().meta({
      form: 'HOST:PORT, unix:/PATH or a map',
      description:
        'A second address, for browsers: the web console and the other pages, but no MCMP. Browsers refuse to open port 6666. Default: none.',
    }),
    names: list(nodeAddress, '', {
      form: 'name, or a list',
      description:
        'Names under which people and tools ask for the pages of these listeners, and `.suffix` for all names below one. Addresses, `localhost` and names without dots need not be listed. Requests for pages under other names get 403 unless they carry `control.secret`: a foreign web page may have its name resolved to this machine (DNS rebinding). `/livez` and `/readyz` answer under every name.',
    }),
    peers: list(pageUrl, '', {
      form: 'URL, or a list',
      description: `Status pages of peers, at most ${peerPageLimits.pagesMax}, as http://10.0.0.1:8080/.well-known/topspin/peers: the API, the console and \`topspin peers\` show who hands over to whom. They are read when somebody looks, at most once a second. A peer shows its page to the addresses in its \`statusFrom\`. See [peers.md](peers.md#peers-in-the-console).`,
    }).refine((pages) => pages.length <= peerPageLimits.pagesMax, {
      error: `more than ${peerPageLimits.pagesMax} pages`,
    }),
    allow: list(network, '', {
      form: 'network, or a list',
      description:
        'Addresses and networks that may connect to this listener, or `unix`; connections from others are closed at once. An empty list allows all.',
    }),
    secret: sharedSecret(
      'Secret that every request to this listener must contain, except `/livez` and `/readyz`: `Authorization: Bearer SECRET`, or the password of Basic. mod_cluster on Java cannot send it; such nodes are refused.',
    ).optional(),
    secretFile: fileName('File that contains the secret; it outranks `control.secret`.').optional(),
    tokens,
    nodes: section({
      allow: list(nodeAddress, '', {
        form: 'network or name, or a list',
        description:
          'Addresses, networks and host names where nodes may be; `.suffix` allows all names below it. A name that is not listed is allowed when its addresses are; they are checked at each connection. An empty list allows every address except those where clouds serve credentials (169.254.0.0/16, fe80::/10 and similar).',
      }),
    }),
    compat: yesNo(
      'The manager page also accepts actions by GET with its token, as in httpd, for existing scripts; a wrong token is then ignored instead of refused.',
    ).prefault(false),
    traffic: yesNo(
      'One port for everything: a request to this listener that is neither MCMP nor one of its pages is traffic. For tests and small set-ups, because every client can then register as a node. Needs `workers: 0`, which is then the default. Each such request has a connection of its own.',
    ).prefault(false),
    statusTimeout: duration(
      0,
      'A node that has stopped reporting its load for this long gets requests only when there is no other node. 0: never.',
    ).prefault(formatDuration(mcmpLimits.statusTimeoutMs)),
    removeAfter: duration(
      0,
      'How long a removed node is still shown under its name; its row disappears after twice this time.',
    ).prefault(formatDuration(mcmpLimits.waitBeforeRemoveMs)),
    tls: section({
      cert: pem(
        'The certificate for nodes. With it the control listener accepts TLS connections only.',
      ),
      ...listenerKeys,
    }),
    limits: section({
      nodes: count(1, 100_000, 'Upper limit of registered nodes (Maxnode of httpd).').prefault(
        mcmpLimits.nodesMax,
      ),
      aliases: count(
        1,
        1_000_000,
        'Upper limit of host aliases of all nodes together, each counted once for each node (Maxhost).',
      ).prefault(mcmpLimits.hostsMax),
      contexts: count(
        1,
        1_000_000,
        'Upper limit of contexts of all nodes together, each counted once for each alias (Maxcontext).',
      ).prefault(mcmpLimits.contextsMax),
      messageBytes: count(
        1_024,
        16_777_216,
        'Longest body of a message, bytes; a longer one is refused (MaxMCMPMessSize).',
      ).prefault(mcmpLimits.messageBytesMax),
    }),
  }),
  nodeTls: section({
    ca: pem(
      'The authorities that sign the certificates of nodes of the types https and wss. Default: those that Node.js trusts.',
    ),
    pin: list(pin, '', {
      form: 'fingerprint, or a list',
      description:
        'The only certificates that nodes may have: SHA-256 of the certificate in 64 digits, or of its public key as `sha256//BASE64`. Without `nodeTls.ca` the pin alone decides, and signature, name and date of the certificate are ignored; with it, both must match.',
    }),
    cert: pem('The client certificate for nodes that ask for one.'),
    key: pem('The private key of `nodeTls.cert`.'),
    servername: hostName,
    verify: yesNo(
      'Verify the certificates of nodes. Without it, anyone between proxy and node can read and change the traffic.',
    ).prefault(true),
    http2: yesNo(
      'Nodes of the types https and wss are offered HTTP/2 (ALPN) and get it when they choose it, else HTTP/1.1. Requests that upgrade use HTTP/1.1. See [http2.md](http2.md#nodes).',
    ).prefault(false),
  }),
  to: fixedNodes,
  sendProxy: sendProxy.prefault('off').meta({
    form: 'off, v1 or v2, or a map, or a list of maps',
    description:
      'The PROXY header that begins each connection to a node and names the client, in version 1 or 2. Such a connection serves one client alone. A map has `version`, and `node` (route or HOST:PORT) or `balancer` for these nodes alone; the map for the node comes before that for its balancer. See [sockets.md](sockets.md#proxy-protocol-to-nodes).',
  }),
  workers: count(
    0,
    workerLimits.workersMax,
    'Traffic processes, which share the addresses of `listen`. 0: the process of the control listener serves the traffic, too. `maxConnections` and `pool.idleMax` apply to each process. A worker that ends is replaced; clients wait meanwhile if there is no other. Default: the number of processors of the machine or its container, and at least 2.',
  ).optional(),
  trust: section({
    from: list(network, '', {
      form: 'network, or a list',
      description:
        'Addresses and networks of proxies in front of this one, or `unix` for those on unix sockets: their `Forwarded` and `X-Forwarded-*` fields are trusted; those of others are replaced. `trust: LIST` and `TOPSPIN_TRUST` are short forms.',
    }),
    header: choice(
      ['x-forwarded-for', 'forwarded'],
      'The field that these proxies write the address of the client into. When a request has both, this one applies and the other is written anew from it: a proxy that writes one of them may pass the other on as the client sent it.',
    ).prefault('x-forwarded-for'),
  }),
  headers: section({
    underscores: choice(
      ['drop', 'pass', 'reject'],
      'Fields of clients whose names become those of fields that Topspin, or a rule, writes or removes when `_` is read as `-`, as CGI, WSGI, Rack and PHP do, or left out at either end (`X_Forwarded_For`, `Client_Cert`, `Forwarded_`): `drop` removes them, `reject` responds 400, `pass` forwards them. A name that becomes `Content-Length` or `Transfer-Encoding` is always refused. Other names with `_` are forwarded.',
    ).prefault('drop'),
    maxField: count(
      1_024,
      262_144,
      'Longest header field of a request or response with its name, bytes. A request beyond this or the next two limits gets 431, a response becomes a 502, and the log says why. Nodes have limits of their own (Node.js 16 KB for all fields, Tomcat 8 KB, AJP `ajp.packetSize`).',
    ).prefault(defaultSettings.headLimits.fieldBytes),
    maxTotal: count(
      1_024,
      262_144,
      'Largest head of a request or response: the first line and all header fields, bytes.',
    ).prefault(defaultSettings.headLimits.totalBytes),
    maxCount: count(1, 10_000, 'Most header fields of a request or response.').prefault(
      defaultSettings.headLimits.count,
    ),
  }),
  target: section({
    strict: yesNo(
      'Refuse targets that RFC 3986 does not allow: with one of `[]{}|^"<>` or a backquote, or a `%` that begins no escape. Browsers send them, so by default they are forwarded as they came. Control characters, spaces, `%00`, and backslashes in a path are always refused.',
    ).prefault(false),
  }),
  http2: yesNo(
    'Clients may speak HTTP/2 on the addresses of `listen`: over TLS when they offer `h2` (ALPN), in the clear when they begin with the preface of HTTP/2 (prior knowledge). `Upgrade: h2c` is never accepted. Not with `control.traffic`. Nodes are asked over HTTP/1.1 all the same. An address of `listen` may have its own `http2`.',
  ).prefault(true),
  allowHalfOpen: yesNo(
    'Clients that end their side of the connection after a request and still read (half-closed, as `nc -N` and `shutdown(SHUT_WR)` do) get their response. Otherwise such an end means that the client has left, as most clients do when they give up: its request ends at the node at once, once nothing is left to be sent to it. A reset always means that.',
  ).prefault(false),
  useAlias: yesNo(
    'Choose contexts by `Host` as well as by path: only contexts with that alias match. Otherwise every context matches under every host name.',
  ).prefault(false),
  noContextStatus: count(
    400,
    599,
    'Status of the response when no context matches a request (ResponseStatusCodeOnNoContext of httpd).',
  ).prefault(defaultSettings.noContextStatus),
  deterministicFailover: yesNo(
    'All requests of a session whose node is gone go to the same other node, chosen by session id: inserts `bySessionId` before the last function of `candidacy`.',
  ).prefault(false),
  via: pseudonym(
    'The name of this proxy in `Via`. A request that already contains it is refused as a loop, so proxies in a row need different names. Default: a new name at each start.',
  ).optional(),
  candidacy: cascade.prefault('auto').meta({
    form: 'auto, mod_cluster or a list of functions',
    description: `How the node of a request is chosen. \`auto\` learns how much room each node has (${autoCascade.map((name) => `\`${name}\``).join(', ')}); \`mod_cluster\` gives each node the share that its load factor asks for (${modClusterCascade.map((name) => `\`${name}\``).join(', ')}). A list names the candidacy functions in order, each with its argument: ${kinds.map((kind) => `\`${kind.name}\``).join(', ')}, or \`./FILE.js#NAME\` for a function of your own. See [candidacy.md](candidacy.md).`,
  }),
  balance: balance.prefault([]).meta({
    form: 'list of maps, or the same as JSON',
    description:
      'Other rules for some requests. An entry with `path` and `candidacy`: the longest `path` that contains the path of a request replaces `candidacy` as a whole. An entry with `sticky` and `balancer`, or `path`: the keys of `sticky` for the applications of that balancer, or below that path; keys that it leaves out are those of `sticky`.',
  }),
  routes: routes.prefault([]).meta({
    form: 'list of maps, or the same as JSON',
    description:
      'Rules. The first rule that a request meets applies, alone; a request that meets none is served as without rules. `match` is a path, or a map of `host` (a name, or `*.shop.test`), `path` (of whole segments: `/api` is `/api` and all below it), `exact` (false; true: the path alone), `scheme` (http or https), `method`, `header` and `query` (maps of names and values: a text with at most one `*`, true for any, false for none) and `client` (addresses and networks). The other keys are `name`, and one of `balancer` (the nodes that serve the request; `registers: true` where no entry of `to` has it), `redirect` (`https`, or a map of `https`, `host`, `path`, `rest` and `status`) and `answer` (a status, or a map of `status`, `body` and `headers`). On the way to a node and back: `stripPrefix` (true, or a path), `addPrefix`, `setHost`, `requestHeaders` and `responseHeaders` (maps of `set`, `add` and `remove`). Who may: `allow` and `deny` (addresses and networks), `rateLimit` (as 10/s, or a map of `rate`, `burst` and `header`) and `auth` (a file of htpasswd, or a map of `file` and `realm`). And `maxBody` (as 10m), `timeouts` (`responseHead`, `responseBody`), `retries` and `errors` (a map of statuses, as 404 or 5xx, and files). See [rules.md](rules.md).',
  }),
  sticky,
  health: section({
    listen: healthEntry.optional().meta({
      form: 'HOST:PORT, unix:/PATH, or a map',
      description:
        'A listener of its own for `/livez` and `/readyz`, for load balancers and orchestrators that must not reach the control listener. It is open from the start of the process to its end: `/readyz` is 503 while the proxy starts and from the moment that it is told to stop. It needs no secret. A map is that of `listen`, with `at`, `mode`, `owner` and `group`. Default: none; the control listener answers them, too.',
    }),
    checks: health.prefault('auto').meta({
      form: 'auto, none, tcp or http, or a map, or a list of maps',
      description:
        'How nodes are probed. `auto` and `tcp`: a connection to a node that the traffic does not show to be alive; a node of type `ajp` gets a CPING with `auto`. `http`: a request in every interval. `none`: no probes; a node to which connections failed gets requests again after a while. Failed responses make a probe due at once and no node down by themselves. A map has `probe` and, for `http`, `method` (GET), `path` (/), `host` (the address of the node) and `expect` (200-399: statuses of a healthy node); and `interval` (5s), `timeout` (the `ping` that the node registers, 10s), `rise` (1: successful probes in a row until a node is up again) and `fall` (3: failed ones in a row until it is down; one is enough when no connection is possible). With `node` (route or HOST:PORT) or `balancer` a map applies to these nodes alone; the map for the node comes before that for its balancer. `health: VALUE` and `TOPSPIN_HEALTH` are short forms. See [balancing.md](balancing.md#health).',
    }),
  }),
  drain: section({
    delay: duration(
      0,
      'How long the proxy goes on accepting connections after SIGTERM while `/readyz` is 503 already and each response has `Connection: close`, so that whatever is in front of it has noticed before the first connection would be refused. Then `timeouts.drain` begins. Set it above the interval of these checks times the number of failures that they need; what stops the process must wait for both times.',
    ).prefault('0s'),
  }),
  maxConnections: count(
    1,
    1_000_000,
    'Upper limit of client connections. For a further one, a connection without a complete request or an idle one is closed, or it is refused. The limit of open files of the process, less the files for connections to nodes, may set a lower one.',
  ).prefault(defaultSettings.connectionsMax),
  timeouts: section({
    head: timeout('headMs', 'From the first byte of a request to the end of its head.'),
    idle: timeout('idleMs', 'A kept-alive client connection without a request.'),
    body: timeout(
      'bodyMs',
      'The longest pause within a request body; then 408. See `body.minRate`.',
    ),
    request: timeout(
      'requestMs',
      'From the end of the head of a request to the end of its body; then 408. Time in which the node reads nothing does not count.',
    ),
    send: timeout('sendMs', 'A client that reads nothing of its response.'),
    connect: timeout(
      'connectMs',
      'Connecting to a node, with its handshake (TLS, HTTP/2). One that has accepted the connection and is late is busy: another node is asked, and without one the request waits up to `responseHead`.',
    ),
    responseHead: timeout(
      'responseHeadMs',
      'From the end of a request to the head of its response. Time in which the client is slow to send its body does not count.',
    ),
    responseBody: timeout(
      'responseBodyMs',
      'Between two parts of a response body. Time in which the client is slow to send or read does not count.',
    ),
    tunnel: timeout('tunnelMs', 'A tunnel (WebSocket) without a byte in either direction.'),
    drain: duration(0, 'Time for requests in flight after SIGTERM.').prefault('8s'),
    replaced: duration(
      0,
      'Time for requests in flight, downloads and WebSockets where something else has taken over: at an address that a reload has removed from `listen`, and in workers that are too many after a reload, and in a process that `topspin upgrade` has replaced. New connections never arrive there. Then the rest is cut.',
    ).prefault('1h'),
  }),
  body: section({
    minRate: count(
      0,
      1_000_000_000,
      'Least rate of a request body, bytes per second; then 408. A client may pause for `timeouts.body`, and sends at this rate on average otherwise, so a body of one byte now and then ends after that time. Time in which the node reads nothing does not count. 0: no least rate, for applications whose clients send pieces of one long request now and then.',
    ).prefault(defaultSettings.bodyMinRate),
  }),
  pool: section({
    idle: duration(1, 'How long an idle connection to a node is kept.').prefault(
      formatDuration(defaultSettings.poolIdleMs),
    ),
    idleMax: count(
      0,
      100_000,
      'Idle connections to each node that are kept for `pool.idle`. Further ones are closed when no request needed them for 10 seconds. 0: none is kept.',
    ).prefault(defaultSettings.poolIdleMax),
  }),
  ajp: section({
    secret: ajpSecret(
      'The `secret` of the connectors of all nodes of type `ajp`, sent with each request. Empty: none is sent. Set in the environment, other users of the machine cannot read it.',
    ).prefault(''),
    packetSize: count(
      ajpLimits.packetBytesMin,
      ajpLimits.packetBytesMax,
      'Longest packet to nodes of type `ajp`, bytes: the `packetSize` (`max-ajp-packet-size`) of their connectors. The head of a request must fit into one packet.',
    ).prefault(defaultSettings.ajp.packetBytes),
  }),
  advertise: section({
    group: multicastGroup.optional(),
    interface: word(
      'NAME or address',
      'The network interface that sends the advertisements. Default: the choice of the system.',
    ).optional(),
    key: word(
      'text',
      'The key that signs the advertisements (AdvertiseSecurityKey): nodes with a key accept only proxies with the same one.',
    ).optional(),
    address: endpoint(1)
      .meta({
        form: 'HOST:PORT',
        description:
          'The address of the control listener in the advertisements. Default: its own address, or for a wildcard that of the interface.',
      })
      .optional(),
    every: duration(100, 'Time between two advertisements.').prefault('10s'),
    ttl: count(0, 255, 'Routers that an advertisement may pass, plus one.').prefault(10),
  }),
  cluster,
  haproxy,
  xds,
  state: fileName(
    'File that keeps the registry, so that the proxy serves the same nodes and sessions at once after a restart or a crash. Each proxy needs a file of its own. Default: none; nodes register again.',
  ).optional(),
  accessLog,
  requestId: choice(
    ['off', 'node', 'client'],
    'Each request has an id: for nodes in `X-Request-Id`, in the access log and in error pages; with `client`, clients get it in `X-Request-Id`, too. Proxies that `trust.from` lists may give it; else it is new. `off`: the field of a client is forwarded as any other. See [access-log.md](access-log.md#request-ids).',
  ).prefault('off'),
  tracing,
  log: section({ level: level.prefault('info') }),
})

export type ValidateResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] }

export interface ConfigIssue {
  readonly path: readonly (string | number)[]
  readonly message: string
  /** The last step of `path` is not a key. */
  readonly unknownKey: boolean
}

/** Validates a tree of raw values; absent keys get their defaults. */
export function validateConfig(raw: unknown): ValidateResult {
  const result = configSchema.safeParse(expandShortForms(raw))
  if (result.success) return consistent(result.data)
  return { ok: false, issues: result.error.issues.flatMap(issuesOf) }
}

/** Checks keys that depend on each other. */
function consistent(config: Config): ValidateResult {
  const issues: ConfigIssue[] = []
  const refuse = (path: ConfigIssue['path'], message: string): void =>
    void issues.push({ path, message, unknownKey: false })
  const { control, advertise, workers = 0 } = config
  if (control.traffic && workers > 0) refuse(['control', 'traffic'], 'needs workers: 0')
  for (const [index, { http2 }] of config.listen.entries())
    if (control.traffic && http2 === true)
      refuse(['listen', index, 'http2'], 'needs control.traffic: false')
  const isUnreachable = isUnixAddress(control.listen.host) && advertise.address === undefined
  if (advertise.group !== undefined && isUnreachable)
    refuse(
      ['advertise', 'address'],
      'is missing: nodes elsewhere cannot reach the unix socket of control.listen',
    )
  const problem = insertProblem(config.sticky)
  if (problem !== undefined) refuse(['sticky', 'insert', problem[0]], problem[1])
  for (const [index, entry] of config.balance.entries()) {
    if (entry.sticky === undefined || problem !== undefined) continue
    const own = insertProblem(stickyOf(config.sticky, entry.sticky))
    if (own !== undefined) refuse(['balance', index, 'sticky', 'insert', own[0]], own[1])
  }
  for (const { path, message } of problemsOfAcme(config.acme, config.listen)) refuse(path, message)
  for (const { path, message } of problemsOfRedirects(config)) refuse(path, message)
  for (const { path, message } of problemsOfCluster(config.cluster)) refuse(path, message)
  for (const { path, message } of problemsOfEngines(config)) refuse(path, message)
  for (const { path, message } of problemsOfNodes(config)) refuse(path, message)
  for (const { path, message } of problemsOfAccessLog(config.accessLog))
    refuse(['accessLog', ...path], message)
  for (const { path, message } of problemsOfRoutes(config)) refuse(path, message)
  return issues.length === 0 ? { ok: true, config } : { ok: false, issues }
}

function issuesOf(issue: z.core.$ZodIssue): ConfigIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code !== 'unrecognized_keys')
    return [{ path, message: issue.message, unknownKey: false }]
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: 'unknown key',
    unknownKey: true,
  }))
}

/** The parts of JSON Schema that this schema uses, and its own notes. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  /** The keys of a map that is another form of the value. */
  readonly keys?: readonly string[]
  readonly default?: unknown
  readonly form?: string
  readonly description?: string
}

let jsonSchema: JsonSchema | undefined

/** The schema as JSON Schema (draft 2020-12), input side. */
export function configJsonSchema(): JsonSchema {
  const options = { io: 'input', unrepresentable: 'any' } as const
  jsonSchema ??= z.toJSONSchema(configSchema, options) as JsonSchema
  return jsonSchema
}
