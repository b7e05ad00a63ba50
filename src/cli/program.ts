// The commands with their flags and help texts. A command's own module is loaded when it runs: each command needs a
// small part of the whole. Used by run.ts, and by scripts/configuration-page.js for the list of flags.

import { Command, Option } from 'commander'
import { defaultAddresses } from '../base/host-port.ts'
import { packageVersion } from '../base/package-version.ts'
import { type AgentFlags, agentFlags, furtherFlags } from './agent-flags.ts'
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
import type { MembershipFlags } from './peers/membership-flags.ts'
import type { PeerFlags } from './peers/peer.ts'
import type { DrainFlags } from './remote/drain.ts'
import type { ExplainFlags } from './remote/explain.ts'
import type { RemoteFlags } from './remote/remote.ts'
import type { SteerFlags } from './remote/steer.ts'
import type { ServeFlags } from './serve.ts'

/** Runs a command, which resolves with its exit code. */
type Run = (command: () => Promise<number>) => Promise<void>

const { clients: defaultListen, nodes: defaultControl } = defaultAddresses
const secretHelp = "file of the proxy's secret (default: $TOPSPIN_SECRET)"
const commandHelp = 'command that starts the server, after --'

/** The list fits one screen; `topspin help` is there for those who try it. */
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
    .configureHelp({ helpWidth: 80, subcommandTerm: termOf, visibleCommands: withoutHelp })
    .addHelpText(
      'after',
      '\nExit codes: 0 ok, 1 failure, 2 usage, 75 address in use, 78 bad configuration.',
    )
  for (const option of program.options) option.hideHelp()
  addServe(program, run)
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
  addDoctor(program, run)
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
    .option('--console <host:port>', 'address of the manager page (default: none)')
    .option('--to <host:port,...>', 'fixed nodes that serve /; repeatable', append)
    .option('--workers <n>', 'traffic processes; 0: this process alone (default: cores, 2 or more)')
    .option('--state <file>', 'file that keeps the registered nodes across restarts')
    .option('--advertise <group>', 'announce the proxy to nodes by multicast: on, or host:port')
    .action((flags: ServeFlags) =>
      run(async () => {
        const { serve } = await import('./serve.ts')
        return serve(flags)
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
}

/** In lines of 80 characters at most. */
const furtherText = `More, all in docs/agent.md: --secret-file ${furtherFlags.join(' ')}`
  .replace(/(.{1,80})(?: |$)/g, '$1\n')
  .trimEnd()

/** Each sends one message about a node. */
function addSteering(program: Command, run: Run): void {
  const helps = {
    enable: 'Enable a node or a context: it gets requests.',
    disable: 'Disable a node or a context: it gets no new sessions.',
    stop: 'Stop a node or a context: it gets no requests.',
    remove: 'Remove a node or a context from the proxy.',
  } as const
  for (const name of ['enable', 'disable', 'stop', 'remove'] as const)
    remoteCommand(program, name, helps[name])
      .argument('<route>', 'name of the node')
      .option('--context <path>', 'this context alone (default: the whole node)')
      .option('--alias <name>', 'the context under this alias alone')
      .action((route: string, flags: SteerFlags) =>
        run(async () => {
          const { steer } = await import('./remote/steer.ts')
          return steer(name, route, flags)
        }),
      )
}

function addDrain(program: Command, run: Run): void {
  remoteCommand(program, 'drain', 'Drain a node, then take it out of rotation.')
    .argument('<route>', 'name of the node')
    .addOption(
      new Option('--within <duration>', 'how long its sessions may continue')
        .argParser(duration)
        .default(30_000, '30s'),
    )
    .action((route: string, flags: DrainFlags) =>
      run(async () => {
        const { drain } = await import('./remote/drain.ts')
        return drain(route, flags)
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
    .option('--header <line>', 'a header field, as "X-Session: abc"; repeatable', append)
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

/** The flags that `announce` and `peer` share. The former names --key and --advertise mean something else for the agent. */
function membershipFlags(command: Command): Command {
  return command
    .requiredOption('--target <url>', 'the server, for example http://10.0.0.5:8080')
    .requiredOption(
      '--group <host:port>',
      'multicast group, broadcast address or a peer; repeatable',
      append,
    )
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

/** The name of a command with its arguments; all of them have options. */
function termOf(command: Command): string {
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? ` <${name}>` : ` [${name}]`
  })
  return command.name() + args.join('')
}
