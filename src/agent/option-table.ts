// All options of the agent in one table: for `joinCluster`, for `topspin agent` and for the environment. Read by
// settings.ts (names and forms), auto-settings.ts (variables), cli/agent-flags.ts (flags) and a test of docs/agent.md.

import type { OptionForms } from '../base/option-forms.ts'
import { logLevels } from '../base/stderr-log.ts'
import { choice, duration, list, number, text, type ValueForm, yesNo } from '../base/value-forms.ts'
import { serverMetrics, sidecarMetrics } from './named-metrics.ts'
import { parseProxyAddress } from './proxy-address.ts'

export interface OptionRow {
  /** Name among the options of `joinCluster`, as `drain.deadlineMs`; for `sidecar` rows among those of the sidecar. */
  readonly option: string
  /** As an option of a program. */
  readonly form: Exclude<OptionForms[string], OptionForms>
  /** Name of the variable without TOPSPIN_; absent for options that only code can pass. */
  readonly variable?: string
  /** Flag of `topspin agent`; absent where a flag makes no sense, or where the command line would show a secret. */
  readonly flag?: string
  /** Help text of the flag; absent: the help names the flag alone, so that it fits one screen. */
  readonly help?: string
  /** How a variable or a flag is read. */
  readonly value?: ValueForm
  /** In the sidecar, where it differs. */
  readonly sidecarValue?: ValueForm
  /** The part that has the option. Default: both. */
  readonly only?: 'server' | 'sidecar'
}

const proxies: ValueForm = {
  what: 'a list of host:port, https://host:port or unix:/path with commas between them',
  isList: true,
  parse(value) {
    const addresses = value.split(',').map((item) => withHost(item.trim()))
    return addresses.every((item) => parseProxyAddress(item) !== undefined) ? addresses : undefined
  },
}

/** A port alone stands for 127.0.0.1. */
const withHost = (address: string): string =>
  /^\d+$/.test(address) ? `127.0.0.1:${address}` : address

const paths = list('paths')
const names = list('names')

/** What the drain waits for, or how long. */
const drain: ValueForm = {
  what: 'requests, none or a duration such as 20s',
  parse(value) {
    if (value === 'requests' || value === 'none') return { strategy: value }
    const deadlineMs = duration.parse(value)
    return deadlineMs === undefined ? undefined : { deadlineMs }
  },
}

const path: ValueForm = {
  what: 'a path; write for example /health',
  parse: (value) => (/^\/[^\s#]*$/.test(value) ? value : undefined),
}

const url: ValueForm = {
  what: 'an http URL; write for example http://127.0.0.1:3000',
  parse: (value) =>
    /^(?:https?|h2c?):\/\/[^/\s]+/i.test(value) && URL.canParse(value) ? value : undefined,
}

const port = number(1, 65_535, 'a port from 1 to 65535')
const count = number(0, 1_000, 'a number from 0 to 1000')

/** In the order of the help of `topspin agent`. */
export const optionTable: readonly OptionRow[] = [
  {
    option: 'target',
    form: 'text',
    variable: 'TARGET',
    flag: '--target <url>',
    help: 'the server, for example http://127.0.0.1:3000',
    value: url,
    only: 'sidecar',
  },
  {
    option: 'contexts',
    form: 'texts',
    variable: 'CONTEXTS',
    flag: '--context <path>',
    help: 'application path; repeatable (default: /)',
    value: paths,
  },
  {
    option: 'proxies',
    form: 'texts',
    variable: 'PROXIES',
    flag: '--proxy <host:port>',
    help: 'proxy; repeatable (default: 127.0.0.1:6666)',
    value: proxies,
  },
  {
    option: 'advertise.group',
    form: 'text',
    variable: 'ADVERTISE',
    flag: '--advertise <group>',
    value: text,
  },
  {
    option: 'advertise.interface',
    form: 'text',
    variable: 'ADVERTISE_INTERFACE',
    flag: '--advertise-interface <name>',
    value: text,
  },
  {
    option: 'advertise.key',
    form: 'text',
    variable: 'ADVERTISE_KEY',
    value: text,
  },
  {
    option: 'advertise.requireMac',
    form: 'boolean',
    variable: 'ADVERTISE_REQUIRE_MAC',
    flag: '--advertise-require-mac',
    value: yesNo,
  },
  {
    option: 'route',
    form: 'text',
    variable: 'ROUTE',
    flag: '--route <name>',
    help: 'name of the node (default: host name and port)',
    value: text,
  },
  {
    option: 'host',
    form: 'text',
    variable: 'HOST',
    flag: '--host <address>',
    help: 'address for proxies (default: of the target)',
    value: text,
  },
  {
    option: 'port',
    form: 'number',
    variable: 'HOST_PORT',
    flag: '--host-port <n>',
    value: port,
  },
  {
    option: 'agentCheck',
    form: 'number',
    variable: 'AGENT_CHECK',
    flag: '--agent-check <port>',
    help: 'port for the agent checks of HAProxy',
    value: port,
  },
  {
    option: 'aliases',
    form: 'texts',
    variable: 'ALIASES',
    flag: '--alias <name>',
    help: 'virtual host; repeatable (default: localhost)',
    value: names,
  },
  {
    option: 'balancer',
    form: 'text',
    variable: 'BALANCER',
    flag: '--balancer <name>',
    help: "balancer to join (default: the proxy's)",
    value: text,
  },
  {
    option: 'domain',
    form: 'text',
    variable: 'DOMAIN',
    flag: '--domain <name>',
    help: 'failover group (default: none)',
    value: text,
  },
  {
    option: 'sticky.enabled',
    form: 'boolean',
    variable: 'STICKY',
    flag: '--sticky <yes|no>',
    value: yesNo,
  },
  {
    option: 'sticky.cookie',
    form: 'text',
    variable: 'STICKY_COOKIE',
    flag: '--sticky-cookie <name>',
    value: text,
  },
  {
    option: 'sticky.path',
    form: 'text',
    variable: 'STICKY_PATH',
    flag: '--sticky-path <name>',
    value: text,
  },
  {
    option: 'sticky.remove',
    form: 'boolean',
    variable: 'STICKY_REMOVE',
    flag: '--sticky-remove',
    value: yesNo,
  },
  {
    option: 'sticky.force',
    form: 'boolean',
    variable: 'STICKY_FORCE',
    flag: '--sticky-force',
    value: yesNo,
  },
  {
    option: 'drain.strategy',
    form: 'text',
    variable: 'DRAIN',
    flag: '--drain <what>',
    help: 'what to wait for: requests, none, or a time',
    value: drain,
  },
  {
    option: 'drain.deadlineMs',
    form: 'number',
    variable: 'DRAIN_DEADLINE',
    flag: '--drain-deadline <duration>',
    value: duration,
  },
  {
    option: 'drain.upgraded',
    form: 'boolean',
    variable: 'DRAIN_UPGRADED',
    flag: '--drain-upgraded',
    value: yesNo,
  },
  { option: 'drain.sessions', form: 'function' },
  { option: 'drain.distributable', form: 'boolean' },
  {
    option: 'healthPath',
    form: 'text',
    variable: 'HEALTH_PATH',
    flag: '--health <path>',
    help: 'path of health checks (default: of the target)',
    value: path,
    only: 'sidecar',
  },
  {
    option: 'probeIntervalMs',
    form: 'number',
    variable: 'HEALTH_INTERVAL',
    flag: '--health-interval <duration>',
    value: duration,
    only: 'sidecar',
  },
  {
    option: 'startDeadlineMs',
    form: 'number',
    variable: 'START_TIMEOUT',
    flag: '--start-timeout <duration>',
    help: 'until the target answers first (default: 1m)',
    value: duration,
    only: 'sidecar',
  },
  {
    option: 'required',
    form: 'boolean',
    variable: 'REQUIRED',
    flag: '--required',
    value: yesNo,
  },
  {
    option: 'requiredMs',
    form: 'number',
    variable: 'REQUIRED_TIMEOUT',
    flag: '--required-timeout <duration>',
    value: duration,
  },
  {
    option: 'reportIntervalMs',
    form: 'number',
    variable: 'REPORT_INTERVAL',
    flag: '--report <duration>',
    help: 'time between two load reports (default: 10s)',
    value: duration,
  },
  {
    option: 'metrics',
    form: 'any',
    variable: 'METRICS',
    flag: '--metrics <list>',
    value: serverMetrics,
    sidecarValue: sidecarMetrics,
  },
  {
    option: 'capacity',
    form: 'number',
    variable: 'CAPACITY',
    value: number(1e-9, 1e9, 'a number above 0'),
    only: 'server',
  },
  {
    option: 'initialLoad',
    form: 'number',
    variable: 'INITIAL_LOAD',
    flag: '--initial-load <n>',
    value: number(-1, 100, 'a number from -1 to 100'),
  },
  {
    option: 'history',
    form: 'number',
    variable: 'HISTORY',
    flag: '--history <n>',
    value: count,
  },
  {
    option: 'decay',
    form: 'number',
    variable: 'DECAY',
    flag: '--decay <n>',
    value: number(0, 1e6, 'a number from 0 to 1000000'),
  },
  { option: 'secret', form: 'text', variable: 'SECRET' },
  {
    option: 'tls.ca',
    form: 'text',
    variable: 'CA',
    flag: '--ca <file>',
    value: text,
  },
  {
    option: 'tls.cert',
    form: 'text',
    variable: 'CERT',
    flag: '--cert <file>',
    value: text,
  },
  {
    option: 'tls.key',
    form: 'text',
    variable: 'KEY',
    flag: '--key <file>',
    value: text,
  },
  {
    option: 'tls.servername',
    form: 'text',
    variable: 'SERVER_NAME',
    flag: '--server-name <name>',
    value: text,
  },
  {
    option: 'log',
    form: 'logger',
    variable: 'LOG_LEVEL',
    flag: '--log-level <level>',
    value: choice(logLevels, 'a level'),
  },
  { option: 'signals', form: 'boolean', variable: 'SIGNALS', value: yesNo, only: 'server' },
  { option: 'sharedPort', form: 'boolean', variable: 'SHARED_PORT', value: yesNo, only: 'server' },
  { option: 'changed', form: 'function', only: 'server' },
]

/** The variables of the sidecar alone; the application behind it may share its environment. */
export const sidecarVariables: readonly string[] = optionTable.flatMap(({ only, variable }) =>
  only === 'sidecar' && variable !== undefined ? [variable] : [],
)

/** The options of `joinCluster` with their forms. */
export const joinForms: OptionForms = formsOf(optionTable.filter(({ only }) => only !== 'sidecar'))

function formsOf(rows: readonly OptionRow[]): OptionForms {
  const forms: Record<string, OptionForms[string]> = {}
  for (const { option, form } of rows) {
    const [group = '', name] = option.split('.')
    if (name === undefined) forms[group] = form
    else forms[group] = { ...(forms[group] as OptionForms | undefined), [name]: form }
  }
  return forms
}

type Tree = Record<string, unknown>

/** Options from texts, nested. @param read the value of a row; undefined for none. */
export function optionsFrom(
  part: 'server' | 'sidecar',
  read: (row: OptionRow, form: ValueForm) => unknown,
): Tree {
  const options: Tree = {}
  for (const row of optionTable) {
    const { option, only = part, value, sidecarValue } = row
    const form = part === 'sidecar' ? (sidecarValue ?? value) : value
    if (only !== part || form === undefined) continue
    const found = read(row, form)
    if (found !== undefined) put(options, option, found)
  }
  return options
}

function put(options: Tree, option: string, value: unknown): void {
  const [group = '', name = ''] = option.split('.')
  if (name === '') options[group] = value
  else
    options[group] = {
      ...(options[group] as Tree | undefined),
      ...(isTree(value) ? value : { [name]: value }),
    }
}

/** Of `drain`, whose one text is either of two options. */
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null
