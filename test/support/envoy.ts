// A real Envoy of a test, which gets everything but the address of the discovery service from there. The program comes from
// a Python package, which is installed once, by its hash. Test files that find none skip and say why.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

const project = fileURLToPath(new URL('../../../test/interop/envoy/', import.meta.url))
const target = join(project, 'target')
/** 37 MB are fetched. */
const fetchMs = 90_000

/** Where the program is; `undefined`: nowhere. */
function program(): string | undefined {
  const packages = join(target, 'lib')
  if (!existsSync(packages)) return undefined
  const found = readdirSync(packages).map((python) =>
    join(packages, python, 'site-packages/envoy/_bin/envoy'),
  )
  return found.find((path) => existsSync(path))
}

/** Why there is no Envoy here; `false` when there is one. */
export const noEnvoy: string | false =
  (await underLock(`${project}target.lock`, 2 * fetchMs, async () => install())) ?? false

function install(): string | undefined {
  if (program() !== undefined) return undefined
  const steps = [
    ['python3', '-m', 'venv', target],
    [
      join(target, 'bin/pip'),
      ...['install', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'],
      ...['--only-binary', ':all:', '--requirement', join(project, 'requirements.txt')],
    ],
  ]
  for (const [command = '', ...args] of steps) {
    const { status, stderr, error } = spawnSync(command, args, {
      encoding: 'utf8',
      timeout: fetchMs,
    })
    if (status !== 0)
      return `Envoy cannot be installed: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`
  }
  return program() === undefined ? 'the package of Envoy has no program' : undefined
}

export interface Envoy {
  readonly admin: number
  readonly pid: number
  /** The answer of its admin page. */
  ask(path: string): Promise<string>
  readonly log: () => string
}

/** How an Envoy connects to the discovery service by TLS: names of files. */
interface DiscoveryTls {
  readonly ca: string
  /** Absent: it shows no certificate. */
  readonly cert?: string
  readonly key?: string
}

/** As docs/envoy.md has it. */
const transportOf = ({ ca, cert, key }: DiscoveryTls): object => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    sni: 'localhost',
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_certificates:
        cert === undefined
          ? []
          : [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
      validation_context: {
        trusted_ca: { filename: ca },
        match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'localhost' } }],
      },
    },
  },
})

/** @param discovery port of the discovery service. */
export async function startEnvoy(
  t: TestContext,
  discovery: number,
  name: string = 'envoy',
  tls?: DiscoveryTls,
): Promise<Envoy> {
  const [admin = 0] = await freePorts(1)
  const at = (port: number): object => ({
    socket_address: { address: '127.0.0.1', port_value: port },
  })
  const http2 = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  const ads = { ads: {}, resource_api_version: 'V3' }
  const bootstrap = {
    admin: { address: at(admin) },
    node: { id: name, cluster: 'topspin' },
    dynamic_resources: {
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'discovery' } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      clusters: [
        {
          name: 'discovery',
          connect_timeout: '1s',
          ...(tls === undefined ? {} : { transport_socket: transportOf(tls) }),
          typed_extension_protocol_options: {
            [http2]: {
              '@type': `type.googleapis.com/${http2}`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: 'discovery',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: at(discovery) } }] }],
          },
        },
      ],
    },
  }
  const args = ['--config-yaml', JSON.stringify(bootstrap), '--log-level', 'warning']
  const child = spawn(program() ?? '', [...args, '--concurrency', '1', '--disable-hot-restart'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  t.after(async () => {
    child.kill('SIGCONT')
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.kill('SIGKILL')) await ended
  })
  const ask = async (path: string): Promise<string> => {
    const signal = AbortSignal.timeout(5_000)
    return (await fetch(`http://127.0.0.1:${admin}${path}`, { signal })).text()
  }
  const isLive = (): Promise<boolean> =>
    ask('/server_info').then(
      () => true,
      () => false,
    )
  await until('Envoy answers', isLive, 15_000, () => output)
  return { admin, pid: child.pid ?? 0, ask, log: () => output }
}
