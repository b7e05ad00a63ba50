// The names of the variables of all parts of Topspin, without TOPSPIN_, so that a part accepts those of the others in a
// shared environment. Each part has its own table; test/unit/base/variable-names.test.ts compares them with these lists.

/** Of the agent (agent/option-table.ts, agent/auto-settings.ts) and of the commands. */
const agentNames: readonly string[] = [
  'ADVERTISE',
  'ADVERTISE_INTERFACE',
  'ADVERTISE_KEY',
  'ADVERTISE_REQUIRE_MAC',
  'AGENT_CHECK',
  'ALIASES',
  'BALANCER',
  'CA',
  'CAPACITY',
  'CERT',
  'CONTEXTS',
  'DECAY',
  'DOMAIN',
  'DRAIN',
  'DRAIN_DEADLINE',
  'DRAIN_UPGRADED',
  'HEALTH_INTERVAL',
  'HEALTH_PATH',
  'HISTORY',
  'HOST',
  'HOST_PORT',
  'INITIAL_LOAD',
  'KEY',
  'LOG_LEVEL',
  'METRICS',
  'MODE',
  'PORT',
  'PROXIES',
  'REPORT_INTERVAL',
  'REQUIRED',
  'REQUIRED_TIMEOUT',
  'ROUTE',
  'SECRET',
  'SECRET_FILE',
  'SERVER_NAME',
  'SHARED_PORT',
  'SIGNALS',
  'START_TIMEOUT',
  'STICKY',
  'STICKY_COOKIE',
  'STICKY_FORCE',
  'STICKY_PATH',
  'STICKY_REMOVE',
  'TARGET',
]

/** Of peers (peer/auto-settings.ts), beside those that the agent has, too. */
const peerNames: readonly string[] = [
  'ACCEPT_FROM',
  'ADDRESS',
  'ANSWER_TIMEOUT',
  'CANDIDACY',
  'CONNECT_TIMEOUT',
  'GROUP',
  'INSECURE',
  'INTERFACE',
  'NAME',
  'NATS_CA',
  'NATS_CERT',
  'NATS_CREDS',
  'NATS_KEY',
  'PEER_KEY',
  'PERIOD',
  'STATUS_PATH',
  'TTL',
]

/** Of the tests (forward/client/client-states.ts). */
const testNames: readonly string[] = ['CHECK_STATES']

/** The first words of the proxy's variables: `CONTROL` of TOPSPIN_CONTROL_LISTEN. */
const proxySections: readonly string[] = [
  'ACCESS_LOG',
  'ACME',
  'ADVERTISE',
  'AJP',
  'ALLOW_HALF_OPEN',
  'BALANCE',
  'BODY',
  'CANDIDACY',
  'CLUSTER',
  'CONTROL',
  'DETERMINISTIC_FAILOVER',
  'DRAIN',
  'HAPROXY',
  'HEADERS',
  'HEALTH',
  'HSTS',
  'HTTP2',
  'HTTPS_REDIRECT',
  'LISTEN',
  'LOG',
  'MAX_CONNECTIONS',
  'NODE_TLS',
  'NO_CONTEXT_STATUS',
  'POOL',
  'REQUEST_ID',
  'ROUTES',
  'SEND_PROXY',
  'STATE',
  'STICKY',
  'TARGET',
  'TIMEOUTS',
  'TLS',
  'TO',
  'TRACING',
  'TRUST',
  'USE_ALIAS',
  'VIA',
  'WORKERS',
  'XDS',
]

/** Of agents, peers, commands and tests. */
export const nodeVariables: ReadonlySet<string> = new Set([
  ...agentNames,
  ...peerNames,
  ...testNames,
])

export const allVariables: ReadonlySet<string> = new Set([...nodeVariables, ...proxySections])

/** Whether a name begins with a section of the proxy's configuration. */
export const hasProxySection = (name: string): boolean =>
  proxySections.some((section) => name.startsWith(`${section}_`))

/** For the test that compares the lists with the tables. */
export const variableNames: Readonly<Record<'agent' | 'peer' | 'sections', readonly string[]>> = {
  agent: agentNames,
  peer: peerNames,
  sections: proxySections,
}
