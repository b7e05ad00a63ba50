// The sections `haproxy` and `xds`: other proxies that are given the cluster.

import { z } from 'zod'
import { type HostPort, parseEndpoint, parseSocketAddress } from '../base/host-port.ts'
import { socketPathOf } from '../base/unix-address.ts'
import { endpoint, list, pem, section, show, text } from './schema-forms.ts'
import { type ListenerTls, listenerKeys } from './schema-tls.ts'

export interface HaproxyConfig {
  /** `/PATH`, `unix:/PATH` or HOST:PORT of its runtime API. Absent: no HAProxy is driven. */
  readonly socket?: string | undefined
  readonly map?: string | undefined
  readonly backends: string
  readonly server: string
}

const socket: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not an address` })
  .refine((given) => haproxyAddress(given) !== undefined, {
    error: (issue) =>
      `${show(issue.input)} is not an address; write /run/haproxy/admin.sock or 127.0.0.1:9999`,
  })

/** Where the runtime API of HAProxy is. */
export function haproxyAddress(
  given: string,
): { readonly path: string } | { readonly host: string; readonly port: number } | undefined {
  if (given.startsWith('/')) return { path: given }
  const found = given.startsWith('unix:') ? parseSocketAddress(given) : parseEndpoint(given)
  if (found === undefined || (found.port === 0 && !given.startsWith('unix:'))) return undefined
  const path = socketPathOf(found.host)
  return path === undefined ? { host: found.host, port: found.port } : { path }
}

export const haproxy: z.ZodType<HaproxyConfig, unknown> = section({
  socket: socket
    .meta({
      form: '/PATH or HOST:PORT',
      description:
        'Runtime API of a running HAProxy (`stats socket` with `level admin`), which is given the nodes: `topspin haproxy` sets it. Default: none. See [haproxy.md](haproxy.md#the-runtime-writer).',
    })
    .optional(),
  map: text(/^[\x21-\x3a\x3c-\x7e]{1,512}$/, 'the name of a file, without spaces')
    .meta({
      form: 'file',
      description:
        'The map that leads paths to backends, named as in HAProxy’s configuration. Needed with `haproxy.socket`.',
    })
    .optional(),
  backends: text(/^[A-Za-z0-9_.:-]{1,64}$/, 'the beginning of names of backends')
    .prefault('topspin')
    .meta({
      form: 'text',
      description:
        'The names of the backends that are filled begin with it; one context needs one.',
    }),
  server: text(/^[\x20-\x3a\x3c-\x7e]{0,512}$/, 'options of a server')
    .prefault('check')
    .meta({
      form: 'text',
      description:
        'Further options of each added server, as in a `server` line of HAProxy; `default-server` does not hold for these.',
    }),
})

export interface XdsConfig {
  /** Absent: no Envoy is driven. */
  readonly listen?: HostPort | undefined
  readonly listeners: readonly HostPort[]
  readonly tls: ListenerTls
}

/** Whether Envoys connect by TLS. */
export const isSecureXds = ({ tls }: XdsConfig): boolean =>
  tls.cert !== undefined || tls.certificates.length > 0

export const xds: z.ZodType<XdsConfig, unknown> = section({
  listen: endpoint(0)
    .meta({
      form: 'HOST:PORT',
      description:
        'Address of the discovery service (xDS over gRPC) for Envoys, which are given the nodes. `xds: HOST:PORT` is a short form. Every program that reaches it reads the cluster, unless `control.allow` is set or `xds.tls` asks for certificates. Needs the packages `@grpc/grpc-js` and `protobufjs`. Default: none. See [envoy.md](envoy.md).',
    })
    .optional(),
  listeners: list(endpoint(1), '', {
    form: 'HOST:PORT, or a list',
    description:
      'Addresses on which Envoys are told to listen for clients, without TLS. Default: none; Envoy’s own listeners use the routes `topspin`.',
  }),
  tls: section({
    cert: pem(
      'The certificate for Envoys. With it the discovery service accepts TLS connections only. See [envoy.md](envoy.md#tls).',
    ),
    ...listenerKeys,
  }),
})

interface EngineIssue {
  readonly path: readonly string[]
  readonly message: string
}

/** What depends on other keys. */
export function problemsOfEngines({
  haproxy: { socket, map },
  xds,
}: {
  readonly haproxy: HaproxyConfig
  readonly xds: XdsConfig
}): readonly EngineIssue[] {
  const issues: EngineIssue[] = []
  const add = (path: readonly string[], message: string): void =>
    void issues.push({ path, message })
  if (socket !== undefined && map === undefined)
    add(['haproxy', 'map'], 'is missing: it belongs to `haproxy.socket`')
  if (isSecureXds(xds) && xds.listen === undefined)
    add(['xds', 'tls'], 'is not used: there is no `xds.listen`')
  return issues
}
