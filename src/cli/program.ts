// The commands and their flags, with the help that goes with them. What they do is given.

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../base/duration.ts'
import { hostPortText } from '../base/host-port.ts'
import { parseEndpoint, parseSecureEndpoint } from '../config/values.ts'
import { type SteerWord, steerWords } from './steer-words.ts'

export interface ServeOptions {
  readonly config?: string
  readonly listen?: readonly string[]
  readonly control?: string
  readonly console?: string
  readonly to?: readonly string[]
  readonly workers?: string
  readonly state?: string
  readonly advertise?: string
}

export interface AgentOptions {
  readonly target: URL
  readonly context: readonly string[]
  readonly proxy: readonly string[]
  readonly route?: string
  /** PEM files for proxies over TLS. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly secretFile?: string
  readonly advertise?: string
  /** The command to start, with its arguments; empty: the server runs already. */
  readonly command: readonly string[]
}

export interface AnnounceFlags {
  readonly target: string
  readonly group: readonly string[]
  readonly key?: readonly string[]
  readonly context?: readonly string[]
  readonly advertise?: string
  readonly name?: string
  readonly interface?: string
  readonly periodMs?: number
  readonly ttl?: number
  readonly capacity?: number
}

export interface PeerFlags extends AnnounceFlags {
  readonly listen: string
  readonly candidacy?: string
  readonly statusPath?: string
  /** The command to start, with its arguments; empty: the server runs already. */
  readonly command: readonly string[]
}

export interface DemoOptions {
  readonly listen: string
  readonly control: string
}

/** Of every command that speaks to a running proxy. */
export interface RemoteOptions {
  readonly control: string
  readonly secretFile?: string
  readonly json: boolean
}

export interface SteerOptions extends RemoteOptions {
  readonly context?: string
  readonly alias?: string
}

export interface DrainOptions extends RemoteOptions {
  /** How long sessions may go on, ms. */
  readonly within: number
}

export interface DoctorOptions {
  /** Absent where only proxies are listened for: those that are heard are asked. */
  readonly control?: string
  /** Multicast group, or `on`. */
  readonly advertise?: string
  readonly interface?: string
  /** How long is listened for proxies, ms. */
  readonly wait: number
  readonly json: boolean
}

export interface ExplainOptions extends RemoteOptions {
  readonly cookie: string
  readonly client: string
}

export interface Actions {
  serve(options: ServeOptions): Promise<void>
  agent(options: AgentOptions): Promise<void>
  announce(options: AnnounceFlags): Promise<void>
  peer(options: PeerFlags): Promise<void>
  demo(options: DemoOptions): Promise<void>
  status(options: RemoteOptions): Promise<void>
  nodes(options: RemoteOptions): Promise<void>
  steer(word: SteerWord, route: string, options: SteerOptions): Promise<void>
  drain(route: string, options: DrainOptions): Promise<void>
  explain(url: string, options: ExplainOptions): Promise<void>
  doctor(options: DoctorOptions): Promise<void>
  check(file: string): Promise<void>
}

const defaultListen = '127.0.0.1:8000'
const defaultControl = '127.0.0.1:6666'
const secretHelp = 'holds the secret of the proxy (or: TOPSPIN_SECRET)'

export function createProgram(actions: Actions): Command {
  const program = new Command('topspin')
    .description('HTTP load balancer in which the servers tell the balancer what they serve.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('(--help shows what can be written)')
    .configureHelp({ helpWidth: 80 })
    .addHelpText(
      'after',
      '\nenable, disable, stop and remove ROUTE switch a node, or one of its contexts.' +
        '\nExit codes: 0 ok, 1 failure, 2 usage, 75 address in use, 78 bad configuration.',
    )

  program
    .command('serve')
    .description('run the proxy')
    .option('-c, --config <file>', 'configuration, YAML or JSON')
    .option(
      '-l, --listen <host:port>',
      `where clients connect; repeatable (default: ${defaultListen})`,
      append,
    )
    .option('--control <host:port>', `where nodes register (default: ${defaultControl})`)
    .option('--console <host:port>', 'where people look, with a browser (default: nowhere)')
    .option('--to <host:port,...>', 'fixed nodes that serve /; repeatable', append)
    .option('--workers <n>', 'traffic processes; 0: none but this (default: one per core)')
    .option('--state <file>', 'keep the registered nodes there over restarts')
    .option('--advertise <group>', 'tell nodes of this proxy by multicast: on, or host:port')
    .action((options: ServeOptions) => actions.serve(options))

  program
    .command('agent')
    .description('register a server of any kind (sidecar)')
    .requiredOption('--target <url>', 'the server, for example http://127.0.0.1:3000', targetUrl)
    .option('--context <path>', 'application path; repeatable (default: /)', append)
    .option(
      '--proxy <host:port>',
      `proxy to register with; repeatable (default: ${defaultControl})`,
      appendEndpoint,
    )
    .option('--advertise <group>', 'join proxies heard by multicast: on, or host:port', groupOrOn)
    .option('--route <name>', 'name of this node (default: from host and port)')
    .option('--secret-file <file>', secretHelp)
    .option('--ca <file>', 'for proxies over TLS: who signed their certificate')
    .option('--cert <file>', 'for proxies over TLS: the certificate of this node')
    .option('--key <file>', 'its key')
    .argument('[command...]', 'after --: the command that starts the server')
    .usage('--target URL [options] [-- command args...]')
    .action((command: string[], options: Partial<AgentOptions> & { target: URL }) => {
      const proxy = options.advertise === undefined ? [defaultControl] : []
      return actions.agent({ context: ['/'], proxy, ...options, command })
    })

  peerOptions(
    program.command('announce').description('announce a server of any kind to peers'),
  ).action(({ period, ...options }: AnnounceFlags & { period?: number }) =>
    actions.announce({ ...options, ...(period === undefined ? {} : { periodMs: period }) }),
  )

  peerOptions(program.command('peer').description('make a peer of a server of any kind (front)'))
    .option(
      '-l, --listen <host:port>',
      'where clients and peers connect',
      oneEndpoint,
      defaultListen,
    )
    .option(
      '--candidacy <functions>',
      'how a peer is chosen, with commas (default: see docs/peers.md)',
    )
    .option('--status-path <path>', 'where it shows what it knows of its peers (default: nowhere)')
    .argument('[command...]', 'after --: the command that starts the server')
    .usage('--target URL --group HOST:PORT [options] [-- command args...]')
    .action(
      (
        command: string[],
        { period, ...options }: Omit<PeerFlags, 'command'> & { period?: number },
      ) =>
        actions.peer({
          ...options,
          command,
          ...(period === undefined ? {} : { periodMs: period }),
        }),
    )

  program
    .command('demo')
    .description('a cluster with traffic on this machine')
    .option('-l, --listen <host:port>', 'where the proxy takes traffic', oneEndpoint, defaultListen)
    .option('--control <host:port>', 'where the nodes register', oneEndpoint, defaultControl)
    .action((options: DemoOptions) => actions.demo(options))

  remote(program, 'status', 'show how a running proxy and its nodes are').action(
    (options: RemoteOptions) => actions.status(options),
  )

  remote(program, 'nodes', 'show the nodes with their contexts').action((options: RemoteOptions) =>
    actions.nodes(options),
  )

  for (const word of steerWords)
    remote(program, word, steerHelp[word], true)
      .argument('<route>', 'name of the node')
      .option('--context <path>', 'this context alone (default: the whole node)')
      .option('--alias <name>', 'the context under this alias alone')
      .action((route: string, options: SteerOptions) => actions.steer(word, route, options))

  remote(program, 'drain', 'take a node out without an error for anybody')
    .argument('<route>', 'name of the node')
    .addOption(
      new Option('--within <duration>', 'how long its sessions may go on')
        .argParser(time)
        .default(30_000, '30s'),
    )
    .action((route: string, options: DrainOptions) => actions.drain(route, options))

  remote(program, 'explain', 'which node would get a request, and why')
    .argument('<url>', 'of the request, or only its path', urlOrPath)
    .option('--cookie <text>', 'its Cookie, as JSESSIONID=x.node', '')
    .option('--client <address>', 'who would send it', '127.0.0.1')
    .action((url: string, options: ExplainOptions) => actions.explain(url, options))

  program
    .command('doctor')
    .description('say why nodes and proxies do not find each other')
    .option(
      '--control <host:port>',
      `control address of the proxy (default: ${defaultControl})`,
      oneEndpoint,
    )
    .option('--advertise <group>', 'look for proxies by multicast: on, or host:port', groupOrOn)
    .option('--interface <name>', 'network interface for that, or its address')
    .option('--wait <time>', 'how long to listen for proxies', time, 11_000)
    .option('--json', 'print the findings as JSON', false)
    .addHelpText('after', '\nThe key of the datagrams is read from TOPSPIN_ADVERTISE_KEY.')
    .action((options: DoctorOptions) =>
      actions.doctor(
        options.advertise === undefined ? { control: defaultControl, ...options } : options,
      ),
    )

  program
    .command('check')
    .description('check a configuration file')
    .argument('<file>', 'configuration, YAML or JSON')
    .action((file: string) => actions.check(file))

  return program
}

/** A command that speaks to a running proxy. */
function remote(
  program: Command,
  name: string,
  description: string,
  hidden: boolean = false,
): Command {
  return program
    .command(name, { hidden })
    .description(description)
    .option('--control <host:port>', 'control address of the proxy', secureEndpoint, defaultControl)
    .option('--secret-file <file>', secretHelp)
    .option('--json', 'print the outcome as JSON', false)
}

const steerHelp: Readonly<Record<SteerWord, string>> = {
  enable: 'let a node or a context take requests',
  disable: 'no new sessions; those it has go on',
  stop: 'no requests at all',
  remove: 'forget a node or a context',
}

function urlOrPath(value: string): string {
  if (/^(https?:\/\/[^/\s]+)?\/\S*$/i.test(value) || /^https?:\/\/[^/\s]+$/i.test(value))
    return value
  throw new InvalidArgumentError('Write for example http://shop.test/cart or /cart.')
}

/** What whoever is announced among peers can be told. */
function peerOptions(command: Command): Command {
  return command
    .requiredOption('--target <url>', 'the server, for example http://10.0.0.5:8080')
    .requiredOption(
      '--group <host:port>',
      'multicast group, broadcast address, or host or name of a peer; repeatable',
      append,
    )
    .option('--key <secret>', 'shared by all peers; repeatable (default: $TOPSPIN_KEY)', append)
    .option('--context <path>', 'path that it serves; repeatable (default: all)', append)
    .option('--advertise <url>', 'where peers reach it (default: the target, or --listen)')
    .option('--name <name>', 'its name among the peers (default: host and port)')
    .option('--interface <name>', 'network interface to speak at, by name or address')
    .option('--period <time>', 'between two announcements (default: 1s)', time)
    .option('--ttl <n>', 'routers that multicast may pass, plus one (default: 1)', numberOf)
    .option('--capacity <n>', 'requests in hand that mean "full" (default: 256)', numberOf)
}

function append(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

function groupOrOn(value: string): string {
  return value === 'on' ? value : oneEndpoint(value)
}

function time(value: string): number {
  const ms = parseDuration(value)
  if (ms === undefined) throw new InvalidArgumentError('Write a time, for example 11s or 500ms.')
  return ms
}

/** In full: a port alone would be taken for a host further on. */
function oneEndpoint(value: string): string {
  const endpoint = parseEndpoint(value)
  if (endpoint === undefined) {
    throw new InvalidArgumentError('Write HOST:PORT, for example 127.0.0.1:8000.')
  }
  return hostPortText(endpoint)
}

function secureEndpoint(value: string): string {
  const endpoint = parseSecureEndpoint(value)
  if (endpoint === undefined)
    throw new InvalidArgumentError('Write HOST:PORT or https://HOST:PORT.')
  return `${endpoint.tls === true ? 'https://' : ''}${hostPortText(endpoint)}`
}

function appendEndpoint(value: string, before?: readonly string[]): string[] {
  return append(secureEndpoint(value), before)
}

function numberOf(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Write a whole number.')
  return Number(value)
}

function targetUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('Write an http URL, for example http://127.0.0.1:3000.')
  }
  return url
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
