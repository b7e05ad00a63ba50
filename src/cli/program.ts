// The commands with their flags and help texts. A command's own module is loaded when it runs: each command needs a
// small part of the whole. Used by run.ts, and by scripts/configuration-page.js for the list of flags.

import { Argument, Command, Help, Option } from 'commander'
import { defaultAddresses } from '../base/host-port.ts'
import { packageVersion } from '../base/package-version.ts'
import { type AgentFlags, agentFlags, furtherFlags } from './agent-flags.ts'
import { commandListText } from './command-list.ts'
import { completionScript, shells } from './completion.ts'
import type { DemoFlags } from './demo/demo.ts'
import type { DoctorFlags } from './doctor/doctor.ts'
import {
  append,
  duration,
  endpoint,
  multicastGroup,
  requestUrl,
  socketAddress,
  wholeNumber,
} from './flags.ts'
import type { HaproxyFlags } from './haproxy.ts'
import type { InitFlags } from './init.ts'
import type { MembershipFlags } from './peers/membership-flags.ts'
import type { PeerFlags } from './peers/peer.ts'
import type { DrainFlags } from './remote/drain.ts'
import type { EventsFlags, TailFlags } from './remote/events.ts'
import type { ExplainFlags } from './remote/explain.ts'
import type { HealthcheckFlags } from './remote/healthcheck.ts'
import type { RemoteFlags } from './remote/remote.ts'
import type { ConfigFlags } from './remote/show-config.ts'
import type { SteerFlags } from './remote/steer.ts'
import type { ServeFlags } from './serve.ts'

/** Runs a command, which resolves with its exit code. */
type Run = (command: () => Promise<number>) => Promise<void>

const { clients: defaultListen, nodes: defaultControl } = defaultAddresses
const secretHelp = "file of the proxy's secret (default: $TOPSPIN_SECRET)"
const commandHelp = 'command that starts the server, after --'

/** Without commander's list of commands, which is longer than a screen. It still suggests the one that was meant. */
function formatHelp(command: Command, help: Help): string {
  const withoutList: Help = Object.create(help)
  withoutList.visibleCommands = () => []
  return Help.prototype.formatHelp.call(withoutList, command, withoutList)
}

/** `topspin help` is there for those who try it. */
const withoutHelp = ({ commands }: Command): Command[] => [...commands]

export function createProgram(run: Run): Command {
  const program = new Command('topspin')
    .description('HTTP load balancer in which servers register themselves and report their load.')
    .usage('[--help | --version] <command> [options]')
    .version(packageVersion(), '-v, --version')
    .addHelpOption(new Option('-h, --help').hideHelp())
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .showHelpAfterError('(--help shows the commands and options)')
    .configureHelp({ helpWidth: 80, visibleCommands: withoutHelp, formatHelp })
    .addHelpText(
      'after',
      `
Commands (topspin help COMMAND tells more):
${commandListText()}

Exit codes: 0 ok, 1 failure, 2 usage, 75 address in use, 78 bad configuration.`,
    )
  for (const option of program.options) option.hideHelp()
  addServe(program, run)
  addHaproxy(program, run)
  addAgent(program, run)
  addAnnounce(program, run)
  addPeer(program, run)
  addDemo(program, run)
  addStatus(program, run)
  addSteering(program, run)
  addDrain(program, run)
  addExplain(program, run)
  addReload(program, run)
  addUpgrade(program, run)
  addWatching(program, run)
  addInspecting(program, run)
  addDoctor(program, run)
  addInit(program, run)
  addCheck(program, run)
  return program
}

function addServe(program: Command, run: Run): void {
  program
    .command('serve')
    .description('Run the proxy.')
    .option('-c, --config <file>', 'configuration file, YAML or JSON')
    .option(
      '-l, --listen <host:port>',
      `address for clients; repeatable (default: ${defaultListen})`,
      append,
    )
    .option('--control <host:port>', `address for nodes (default: ${defaultControl})`)
    .option('--console <host:port>', 'address of the web console (default: none)')
    .option('--to <host:port,...>', 'fixed nodes that serve /; repeatable', append)
    .option('--workers <n>', 'traffic processes; 0: this process alone (default: cores, 2 or more)')
    .option('--state <file>', 'file that keeps the registered nodes across restarts')
    .option('--advertise <group>', 'announce the proxy to nodes by multicast: on, or host:port')
    .option('--xds <host:port>', 'address where Envoys get the nodes (default: none)')
    .action((flags: ServeFlags) =>
      run(async () => {
        const { serve } = await import('./serve.ts')
        return serve(flags)
      }),
    )
}

function addHaproxy(program: Command, run: Run): void {
  program
    .command('haproxy')
    .description('Run a control listener that gives its nodes to a running HAProxy.')
    .requiredOption('--socket <path>', 'runtime API of HAProxy: a path, or HOST:PORT')
    .requiredOption('--map <file>', "map of its contexts, named as in HAProxy's configuration")
    .option('--backends <prefix>', 'backends to fill: their names begin so (default: topspin)')
    .option('--server <options>', 'further options of each server (default: check)')
    .option('--control <host:port>', `address for nodes (default: ${defaultControl})`)
    .option('--state <file>', 'file that keeps the registered nodes across restarts')
    .option('-c, --config <file>', 'configuration file, YAML or JSON')
    .action((flags: HaproxyFlags) =>
      run(async () => {
        const { serveHaproxy } = await import('./haproxy.ts')
        return serveHaproxy(flags)
      }),
    )
}

function addAgent(program: Command, run: Run): void {
  const agent = program
    .command('agent')
    .description('Register a server of any kind with proxies (sidecar).')
    .argument('[command...]')
    .usage('--target URL [options] [-- command args...]')
    .addOption(new Option('--secret-file <file>').hideHelp())
    .addHelpText('after', `\n${furtherText}`)
  for (const option of agentFlags) agent.addOption(option)
  agent.action((command: string[], flags: AgentFlags) =>
    run(async () => {
      const { runAgent } = await import('./agent.ts')
      return runAgent(command, flags)
    }),
  )
}

function addAnnounce(program: Command, run: Run): void {
  const command = program.command('announce').description('Announce a server of any kind to peers.')
  membershipFlags(command).action((flags: MembershipFlags) =>
    run(async () => {
      const { runAnnounce } = await import('./peers/announce.ts')
      return runAnnounce(flags)
    }),
  )
}

function addPeer(program: Command, run: Run): void {
  const peer = program.command('peer').description('Run a peer in front of a server of any kind.')
  membershipFlags(peer)
    .addOption(listenFlag('address for clients and peers'))
    .option('--candidacy <functions>', 'candidacy functions, with commas; see docs/peers.md')
    .option('--status-path <path>', 'path of the status page (default: none)')
    .argument('[command...]', commandHelp)
    .usage('--target URL --group HOST:PORT [options] [-- command args...]')
    .action((command: string[], flags: Omit<PeerFlags, 'command'>) =>
      run(async () => {
        const { runPeer } = await import('./peers/peer.ts')
        return runPeer({ ...flags, command })
      }),
    )
}

function addDemo(program: Command, run: Run): void {
  program
    .command('demo')
    .description('Run a demo cluster with traffic on this machine.')
    .addOption(listenFlag('address for clients'))
    .addOption(valueFlag('--control <host:port>', 'address for nodes', endpoint, defaultControl))
    .action((flags: DemoFlags) =>
      run(async () => {
        const { runDemo } = await import('./demo/demo.ts')
        return runDemo(flags)
      }),
    )
}

function addStatus(program: Command, run: Run): void {
  remoteCommand(program, 'status', 'Show the state of a running proxy and its nodes.').action(
    (flags: RemoteFlags) =>
      run(async () => {
        const { showStatus } = await import('./remote/status.ts')
        return showStatus(flags)
      }),
  )
  remoteCommand(program, 'nodes', 'List the nodes with their contexts.').action(
    (flags: RemoteFlags) =>
      run(async () => {
        const { showNodes } = await import('./remote/status.ts')
        return showNodes(flags)
      }),
  )
  remoteCommand(program, 'contexts', 'List the contexts with the nodes that serve them.').action(
    (flags: RemoteFlags) =>
      run(async () => {
        const { showContexts } = await import('./remote/contexts.ts')
        return showContexts(flags)
      }),
  )
  remoteCommand(program, 'peers', 'Show the peers, and who hands over to whom.').action(
    (flags: RemoteFlags) =>
      run(async () => {
        const { showPeers } = await import('./remote/peers.ts')
        return showPeers(flags)
      }),
  )
}

/** In lines of 80 characters at most. */
const furtherText = `More, all in docs/agent.md: --secret-file ${furtherFlags.join(' ')}`
  .replace(/(.{1,80})(?: |$)/g, '$1\n')
  .trimEnd()

/** Each is an action on a node, or on the nodes of a domain. */
function addSteering(program: Command, run: Run): void {
  const helps = {
    enable: 'Enable a node or a context: it gets requests.',
    disable: 'Disable a node or a context: it gets no new sessions.',
    stop: 'Stop a node or a context: it gets no requests.',
    remove: 'Remove a node or a context from the proxy.',
  } as const
  for (const name of ['enable', 'disable', 'stop', 'remove'] as const)
    contextFlags(targetCommand(program, name, helps[name])).action(
      (route: string | undefined, flags: SteerFlags) =>
        run(async () => {
          const { steer } = await import('./remote/steer.ts')
          return steer(name, route, flags)
        }),
    )
  const ejections = {
    eject: 'Take a node out at once, until it is readmitted.',
    readmit: 'Put an ejected node back, with its other orders as they were.',
  } as const
  for (const name of ['eject', 'readmit'] as const)
    targetCommand(program, name, ejections[name]).action(
      (route: string | undefined, flags: SteerFlags) =>
        run(async () => {
          const { steer } = await import('./remote/steer.ts')
          return steer(name, route, flags)
        }),
    )
  remoteCommand(program, 'weight', 'Give a node a percentage of its share of the requests.')
    .argument('<percent>', '1 to 100; 100 is all of its share')
    .argument('[route]', 'name of the node; it may also stand first')
    .option('--domain <name>', 'the nodes of this domain')
    .option('--reason <text>', 'kept with the record')
    .action((first: string, second: string | undefined, flags: SteerFlags) =>
      run(async () => {
        const { weigh } = await import('./remote/weigh.ts')
        return weigh(first, second, flags)
      }),
    )
  remoteCommand(program, 'undo', 'Take an action back: restore the orders before it.')
    .argument('<id>', 'number of the action, see topspin events')
    .action((id: string, flags: RemoteFlags) =>
      run(async () => {
        const { undo } = await import('./remote/drain.ts')
        return undo(id, flags)
      }),
    )
}

function addDrain(program: Command, run: Run): void {
  const command = targetCommand(program, 'drain', 'Drain a node, then take it out of rotation.')
  contextFlags(command)
    .addOption(
      new Option('--within <duration>', 'how long its sessions may continue')
        .argParser(duration)
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--wait', 'show how far it is until it has ended; Ctrl-C takes it back').default(
        true,
        'yes',
      ),
    )
    .option('--no-wait', 'end at once; the proxy goes on with it')
    .action((route: string | undefined, flags: DrainFlags) =>
      run(async () => {
        const { drain } = await import('./remote/drain.ts')
        return drain(route, flags)
      }),
    )
}

function addWatching(program: Command, run: Run): void {
  remoteCommand(program, 'top', 'Watch nodes and traffic live.').action((flags: RemoteFlags) =>
    run(async () => {
      const { top } = await import('./remote/top.ts')
      return top(flags)
    }),
  )
  remoteCommand(program, 'tail', 'Follow the requests as they end.')
    .option('--status <status>', 'with this status: 404, 5xx, or 0 for clients that were gone')
    .option('--path <path>', 'whose path begins with this')
    .option('--node <route>', 'that this node has answered')
    .option('--client <address>', 'of this client')
    .addOption(
      new Option('--slower-than <duration>', 'that took this long, as 500ms').argParser(duration),
    )
    .option('--retried', 'that were sent to nodes more than once')
    .action((flags: TailFlags) =>
      run(async () => {
        const { tail } = await import('./remote/events.ts')
        return tail(flags)
      }),
    )
  remoteCommand(program, 'events', 'Show what has happened at a running proxy.')
    .option('-f, --follow', 'and what happens from now on')
    .option('--at <time>', 'what happened within five minutes of a time, as 14:05')
    .addOption(
      new Option('--last <n>', 'events to begin with').argParser(wholeNumber).default(20, '20'),
    )
    .action((flags: EventsFlags) =>
      run(async () => {
        const { showEvents } = await import('./remote/events.ts')
        return showEvents(flags)
      }),
    )
}

function addInspecting(program: Command, run: Run): void {
  remoteCommand(program, 'config', 'Show the configuration in force, and where it comes from.')
    .option('--all', 'the keys that have their default, too')
    .action((flags: ConfigFlags) =>
      run(async () => {
        const { showConfiguration } = await import('./remote/show-config.ts')
        return showConfiguration(flags)
      }),
    )
  remoteCommand(program, 'healthcheck', 'Tell by the exit code whether a proxy is ready.')
    .option('--live', 'whether it lives at all')
    .addOption(
      new Option('--within <duration>', 'deadline of the answer')
        .argParser(duration)
        .default(2_000, '2s'),
    )
    .action((flags: HealthcheckFlags) =>
      run(async () => {
        const { healthcheck } = await import('./remote/healthcheck.ts')
        return healthcheck(flags)
      }),
    )
  program
    .command('completion')
    .description('Print the completion for a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices([...shells]))
    .action((shell: string) =>
      run(async () => {
        process.stdout.write(completionScript(program, shell))
        return 0
      }),
    )
}

function addExplain(program: Command, run: Run): void {
  remoteCommand(program, 'explain', 'Show which node a request would go to, and why.')
    .argument('<url>', 'URL of the request, or its path', requestUrl)
    .addOption(
      new Option('--cookie <text>', 'its Cookie, as JSESSIONID=x.node').default('', 'none'),
    )
    .addOption(valueFlag('--client <address>', 'address of the client', String, '127.0.0.1'))
    .addOption(valueFlag('--method <name>', 'its method', (name) => name.toUpperCase(), 'GET'))
    .option('--header <line>', 'a header field, as "X-Session: abc"; repeatable', append)
    .option('--verbose', 'all candidates, also where they do not fit the terminal')
    .action((url: string, flags: ExplainFlags) =>
      run(async () => {
        const { showExplanation } = await import('./remote/explain.ts')
        return showExplanation(url, flags)
      }),
    )
}

function addReload(program: Command, run: Run): void {
  remoteCommand(program, 'reload', 'Make a running proxy read its configuration again.').action(
    (flags: RemoteFlags) =>
      run(async () => {
        const { reload } = await import('./remote/reload.ts')
        return reload(flags)
      }),
  )
}

function addUpgrade(program: Command, run: Run): void {
  remoteCommand(program, 'upgrade', 'Replace a running proxy by its program as it is now.').action(
    (flags: RemoteFlags) =>
      run(async () => {
        const { upgrade } = await import('./remote/upgrade.ts')
        return upgrade(flags)
      }),
  )
}

function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('Find out why nodes and proxies do not find each other.')
    .option(
      '--control <address>',
      `control address of the proxy (default: ${defaultControl})`,
      socketAddress,
    )
    .option('--secret-file <file>', secretHelp)
    .option('--advertise <group>', 'find proxies by multicast: on, or host:port', multicastGroup)
    .option('--interface <name>', 'network interface for multicast, by name or address')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for advertisements')
        .argParser(duration)
        .default(11_000, '11s'),
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nTOPSPIN_ADVERTISE_KEY is the key of the advertisements.')
    .action((flags: DoctorFlags) =>
      run(async () => {
        const { runDoctor } = await import('./doctor/doctor.ts')
        return runDoctor(
          flags.advertise === undefined ? { control: defaultControl, ...flags } : flags,
        )
      }),
    )
}

function addInit(program: Command, run: Run): void {
  program
    .command('init')
    .description('Write a first configuration file, with comments.')
    .argument('[file]', 'file to write', 'topspin.yaml')
    .addOption(new Option('-l, --listen <host:port>', 'address for clients').argParser(endpoint))
    .option('--control <host:port>', 'address for nodes', endpoint)
    .option('--to <host:port,...>', 'fixed nodes that serve /')
    .option('--force', 'replace the file where there is one')
    .addHelpText(
      'after',
      '\nIn a terminal it asks for what no flag has given; else that has its default.',
    )
    .action((file: string, flags: InitFlags) =>
      run(async () => {
        const { init } = await import('./init.ts')
        return init(file, flags)
      }),
    )
}

function addCheck(program: Command, run: Run): void {
  program
    .command('check')
    .description('Check a configuration file.')
    .argument('<file>', 'configuration file, YAML or JSON')
    .action((file: string) =>
      run(async () => {
        const { checkFile } = await import('./check.ts')
        return checkFile(file)
      }),
    )
}

/** A command for a running proxy, with the flags that all of them have. */
function remoteCommand(program: Command, name: string, description: string): Command {
  const control = 'control address of the proxy'
  return program
    .command(name)
    .description(description)
    .addOption(valueFlag('--control <address>', control, socketAddress, defaultControl))
    .option('--secret-file <file>', secretHelp)
    .option('--json', 'print the result as JSON')
}

/** For a node, or the nodes of a domain. */
function targetCommand(program: Command, name: string, description: string): Command {
  return remoteCommand(program, name, description)
    .argument('[route]', 'name of the node')
    .option('--domain <name>', 'the nodes of this domain')
    .option('--reason <text>', 'kept with the record')
}

const contextFlags = (command: Command): Command =>
  command
    .option('--context <path>', 'this context alone (default: the whole node)')
    .option('--alias <name>', 'the context under this alias alone')

/** The flags that `announce` and `peer` share. The former names --key and --advertise mean something else for the agent. */
function membershipFlags(command: Command): Command {
  return command
    .requiredOption('--target <url>', 'the server, for example http://10.0.0.5:8080')
    .requiredOption(
      '--group <host:port>',
      'multicast group, broadcast address or a peer, or nats://server:4222/NAME; repeatable',
      append,
    )
    .option('--nats-creds <file>', 'credentials for a group over NATS')
    .option('--nats-ca <file>', 'authority of the certificates of its servers')
    .option('--nats-cert <file>', 'certificate for them')
    .option('--nats-key <file>', 'its key')
    .option(
      '--peer-key <secret>',
      'secret of all peers; repeatable (default: $TOPSPIN_PEER_KEY)',
      append,
    )
    .addOption(new Option('--key <secret>').argParser(append).hideHelp())
    .option('--insecure', 'a group without a key: any program near can attract requests')
    .option('--context <path>', 'path that the server serves; repeatable (default: all)', append)
    .option('--address <url>', 'where peers reach it (default: the target, or --listen)')
    .addOption(new Option('--advertise <url>').hideHelp())
    .option('--name <name>', 'its name among the peers (default: host and port)')
    .option('--interface <name>', 'network interface for announcements, by name or address')
    .option('--period <duration>', 'time between two announcements (default: 1s)', duration)
    .option('--ttl <n>', 'routers that multicast may pass, plus one (default: 1)', wholeNumber)
    .option('--capacity <n>', 'requests in flight that mean "full" (default: learnt)', wholeNumber)
}

const listenFlag = (help: string): Option =>
  valueFlag('-l, --listen <host:port>', help, endpoint, defaultListen)

/** A flag whose default is shown without quotes. */
function valueFlag(
  flags: string,
  help: string,
  parse: (value: string) => string,
  fallback: string,
): Option {
  return new Option(flags, help).argParser(parse).default(fallback, fallback)
}
