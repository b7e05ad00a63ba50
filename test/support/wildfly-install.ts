// The WildFly of test/interop: Maven Central has the whole server. It is unpacked, configured by its own jboss-cli, and
// gets an application that is compiled here, once. Test files that find none skip and say why.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'

const version = '39.0.1.Final'
const project = fileURLToPath(new URL('../../../test/interop/wildfly/', import.meta.url))
const target = join(project, 'target')
const stamp = join(target, 'built')
/** 260 MB are fetched and unpacked. */
const fetchMs = 150_000
const stepMs = 60_000

export const home: string = join(target, `wildfly-${version}`)
export const war: string = join(target, 'shop.war')
/** Classpath and module path of every program of WildFly. */
export const modules: readonly string[] = [
  ...['-jar', join(home, 'jboss-modules.jar')],
  ...['-mp', join(home, 'modules')],
]

/** An expression that the server resolves at its start. */
const property = (name: string): string => ['${topspin.', name, '}'].join('')

/**
 * What is set with the server stopped. Each start sets the properties `topspin.route`, `topspin.first` and
 * `topspin.second` (ports of the proxies), `topspin.group` (port of the cluster) and `topspin.drain` (seconds). The
 * management interface needs no password.
 */
const commands = [
  'embed-server --server-config=standalone-ha.xml --std-out=discard',
  '/core-service=management/management-interface=http-interface:undefine-attribute(name=http-authentication-factory)',
  `/subsystem=undertow:write-attribute(name=instance-id,value=${property('route')})`,
  ...['first', 'second'].map(
    (name) =>
      `/socket-binding-group=standard-sockets/remote-destination-outbound-socket-binding=${name}:add(host=127.0.0.1,port=${property(name)})`,
  ),
  ...[
    'name=advertise,value=false',
    'name=proxies,value=[first,second]',
    'name=excluded-contexts,value="ROOT,wildfly-services"',
    'name=status-interval,value=1',
    `name=stop-context-timeout,value=${property('drain')}`,
  ].map((change) => `/subsystem=modcluster/proxy=default:write-attribute(${change})`),
  'stop-embedded-server',
]

/** Why there is no WildFly here; `undefined` when there is one. Throws when our own code does not compile. */
export async function whyNoWildFly(): Promise<string | undefined> {
  for (const program of ['java', 'javac', 'mvn', 'jar']) {
    if (spawnSync(program, ['-version']).error !== undefined) return `${program} is not installed`
  }
  return underLock(`${project}target.lock`, fetchMs + 5 * stepMs, install)
}

function install(): string | undefined {
  const sources = hashOfSources()
  if (isBuilt(sources)) return undefined
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const order = [
    ...['--batch-mode', '--quiet', 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack'],
    ...[`-Dartifact=org.wildfly:wildfly-dist:${version}:zip`, `-DoutputDirectory=${target}`],
  ]
  const { status, stdout } = spawnSync('mvn', order, {
    // Maven leaves a mark here, and does not unpack again where it finds one.
    cwd: target,
    encoding: 'utf8',
    timeout: fetchMs,
  })
  if (status !== 0) {
    const reason = /\[ERROR\] (.*)/.exec(stdout ?? '')?.[1] ?? 'it did not end in time'
    return `mvn could not fetch WildFly: ${reason.slice(0, 300)}`
  }
  compile()
  configure()
  writeFileSync(stamp, sources)
  return undefined
}

function compile(): void {
  const classes = join(target, 'classes', 'WEB-INF', 'classes')
  const api = join(home, 'modules', 'system', 'layers', 'base', 'jakarta')
  const path = ['servlet', 'websocket'].map((name) => `${join(api, name, 'api', 'main')}/*`)
  const sources = ['Shop.java', 'Echo.java'].map((name) => join(project, name))
  run('javac', ['-d', classes, '-cp', path.join(':'), ...sources])
  run('jar', ['cf', war, '-C', join(target, 'classes'), '.'])
}

/** Two configurations, because the listener that it announces cannot be a property. */
function configure(): void {
  const script = join(target, 'configure.cli')
  writeFileSync(script, commands.join('\n'))
  run('java', [...modules, 'org.jboss.as.cli', `--file=${script}`])
  const folder = join(home, 'standalone', 'configuration')
  // Servers beside each other: the members of one cluster meet on one port, and have free ones else.
  const text = readFileSync(join(folder, 'standalone-ha.xml'), 'utf8')
    .replace(/(<socket-binding name="jgroups-[^>]* port=)"\d+"/g, '$1"0"')
    .replace(
      /(<socket-binding name="jgroups-[^>]* multicast-port=)"\d+"/g,
      `$1"${property('group')}"`,
    )
  for (const [kind, listener] of [
    ['ajp', 'ajp'],
    ['http', 'default'],
  ])
    writeFileSync(
      join(folder, `${kind}.xml`),
      text.replace(/(<proxy name="default" [^>]*listener=)"ajp"/, `$1"${listener}"`),
    )
}

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: stepMs,
    env: { ...process.env, JBOSS_HOME: home },
  })
  if (status !== 0) throw new Error(`${program}: ${stdout}${stderr}`)
}

function isBuilt(sources: string): boolean {
  try {
    return readFileSync(stamp, 'utf8') === sources
  } catch {
    return false
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  for (const name of readdirSync(project)
    .filter((file) => file.endsWith('.java'))
    .sort())
    hash.update(readFileSync(join(project, name)))
  return hash.digest('hex')
}
