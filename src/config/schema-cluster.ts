// The section `cluster`: a registry that several proxies share.

import { hostname } from 'node:os'
import { z } from 'zod'
import { isLoopback } from '../net/address.ts'
import { count, fileName, list, pem, section, show, text } from './schema-forms.ts'

export interface ClusterConfig {
  readonly name: string
  /** Empty: the registry is this proxy's own. */
  readonly nats: readonly string[]
  readonly creds?: string | undefined
  readonly tls: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: string | undefined
  }
  readonly zone: string
  /** Absent: `defaultProxyName`. */
  readonly proxy?: string | undefined
  readonly replicas?: number | undefined
}

const server: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a URL` })
  .refine((given) => isServer(given), {
    error: (issue) => `${show(issue.input)} is not a URL; write for example tls://nats-a:4222`,
  })

function isServer(given: string): boolean {
  if (!URL.canParse(given)) return false
  const { protocol, hostname: host, pathname, search } = new URL(given)
  const isBare = (pathname === '' || pathname === '/') && search === ''
  return (protocol === 'nats:' || protocol === 'tls:') && host !== '' && isBare
}

const nameForm = /^[A-Za-z0-9_-]{1,64}$/

export const cluster: z.ZodType<ClusterConfig, unknown> = section({
  name: text(nameForm, 'a name of at most 64 letters, digits, _ and -').prefault('default').meta({
    form: 'name',
    description:
      'Name of the shared registry, part of the names of its bucket and subjects in NATS. Proxies with the same name share their nodes.',
  }),
  nats: list(server, '', {
    form: 'URL or a list',
    description:
      'NATS servers (version 2.9 or newer, with JetStream) that keep a registry for several proxies: a node registers with any of them and all serve it. `tls://` in front means TLS; `nats://USER:PASSWORD@HOST:4222` logs in. Needs the packages `@nats-io/transport-node` and `@nats-io/kv`. Default: none, and the registry is this proxy’s own. See [scaling-out.md](scaling-out.md).',
  }),
  creds: fileName(
    'File with the credentials for the NATS servers (`.creds`: a JWT and its key).',
  ).optional(),
  tls: section({
    ca: pem(
      'Authorities that may have signed the certificates of the NATS servers. Default: those that Node.js trusts.',
    ),
    cert: pem('Certificate that this proxy shows to the NATS servers.'),
    key: pem('The key of `cluster.tls.cert`.'),
  }),
  zone: text(/^[\x20-\x7e]{0,64}$/, 'a text of at most 64 ASCII characters')
    .prefault('')
    .meta({ form: 'text', description: 'Where this proxy runs, for people.' }),
  proxy: text(/^[\x21-\x7e]{1,64}$/, 'a name of at most 64 visible ASCII characters')
    .meta({
      form: 'name',
      description:
        'Name of this proxy in the shared registry, different from those of all others. Default: the name of the machine and the port of the control listener.',
    })
    .optional(),
  replicas: count(
    1,
    5,
    'Copies of the registry among the NATS servers, set when it is made. Default: 3, or 1 where a single server runs.',
  ).optional(),
})

/** @param port of the control listener. */
export const defaultProxyName = (port: number): string =>
  `${hostname()
    .replace(/[^\x21-\x7e]/g, '-')
    .slice(0, 50)}-${port}`

interface ClusterIssue {
  readonly path: readonly string[]
  readonly message: string
}

/** What depends on other keys. */
export function problemsOfCluster({ nats, tls }: ClusterConfig): readonly ClusterIssue[] {
  const issues: ClusterIssue[] = []
  if (tls.cert !== undefined && tls.key === undefined)
    issues.push({
      path: ['cluster', 'tls', 'key'],
      message: 'is missing: it belongs to `cluster.tls.cert`',
    })
  if (tls.key !== undefined && tls.cert === undefined)
    issues.push({
      path: ['cluster', 'tls', 'cert'],
      message: 'is missing: it belongs to `cluster.tls.key`',
    })
  const plain = nats.findIndex((each) => new URL(each).protocol === 'nats:')
  const secure = nats.findIndex((each) => new URL(each).protocol === 'tls:')
  if (plain >= 0 && secure >= 0)
    issues.push({
      path: ['cluster', 'nats'],
      message: 'mixes nats:// and tls://: all servers or none have TLS',
    })
  return issues
}

/** Why others could change the registry; `undefined`: they cannot. */
export function clusterRisk({ nats, creds, tls }: ClusterConfig): string | undefined {
  const elsewhere = nats.map((each) => new URL(each)).filter(({ hostname: host }) => !isLocal(host))
  if (elsewhere.length === 0) return undefined
  const isPlain = elsewhere.some(({ protocol }) => protocol === 'nats:')
  if (isPlain) return 'the connections to the NATS servers are not encrypted: use tls://'
  const hasLogin =
    creds !== undefined || tls.cert !== undefined || elsewhere.some((url) => url.username !== '')
  return hasLogin ? undefined : 'the NATS servers ask for no credentials: set cluster.creds'
}

const isLocal = (host: string): boolean =>
  host === 'localhost' || isLoopback(host.replace(/^\[|\]$/g, ''))
