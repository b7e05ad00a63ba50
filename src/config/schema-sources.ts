// Sources of fixed nodes in an entry of `to`: their keys, which of them belong together, and the settings that follow. Used
// by schema-nodes.ts.

import { z } from 'zod'
import {
  type HostPort,
  type NodeAddress,
  parseHostPort,
  parseNodeAddress,
} from '../base/host-port.ts'
import { fixedLimits } from '../base/limits.ts'
import { parseUnixAddress } from '../base/unix-address.ts'
import {
  choice,
  count,
  duration,
  fileName,
  nodeEndpoint,
  show,
  text,
  value,
} from './schema-forms.ts'
import {
  type AddressFamily,
  type ConsulSettings,
  type DockerSettings,
  type KubernetesSettings,
  type SourceSettings,
  schemes,
} from './source-settings.ts'

const none = { form: '', description: '' } as const

const resolver = value<HostPort>(
  'the address of a name server; write for example 10.0.0.2 or 10.0.0.2:5353',
  (input) => parseHostPort(String(input), 53),
  none,
)

const families: ReadonlyMap<string, AddressFamily> = new Map<string, AddressFamily>([
  ['any', 'any'],
  ['4', 4],
  ['6', 6],
])

const family = value<AddressFamily>('any, 4 or 6', (input) => families.get(String(input)), none)

interface ServiceName {
  readonly service: string
  readonly tls: boolean
  readonly http2?: true
}

const service = value<ServiceName>(
  'the name of a service, which begins with _SERVICE and _tcp [RFC 2782]',
  (input) => {
    const [, scheme, name] =
      /^(?:(https?|h2c?):\/\/)?(_[A-Za-z0-9-]{1,62}[.]_tcp[.][A-Za-z0-9_.-]{1,200})$/.exec(
        String(input),
      ) ?? []
    if (name === undefined) return undefined
    const tls = scheme === 'https' || scheme === 'h2'
    return { service: name, tls, ...(scheme?.startsWith('h2') === true ? { http2: true } : {}) }
  },
  none,
)

const named = value(
  'a name with a port; write for example shop.internal:8080',
  (input) => {
    const found = parseNodeAddress(input)
    return found === undefined || found.port < 1 ? undefined : found
  },
  none,
)

/** A map of keys, or the value of its first key alone. */
const mapOr = <T extends Record<string, z.ZodType>>(
  first: string,
  keys: T,
): z.ZodType<z.output<z.ZodObject<T>>, unknown> =>
  z.preprocess(
    (input) =>
      typeof input === 'string' || typeof input === 'number' ? { [first]: input } : input,
    z.strictObject(keys, {
      error: (issue) =>
        issue.code === 'invalid_type'
          ? `${show(issue.input)} is neither a ${first} nor a map of keys`
          : undefined,
    }),
  )

const api = value(
  'the address of an API; write http://HOST:PORT, https://HOST:PORT or unix:/PATH',
  (input) => {
    const given = String(input)
    const unix = parseUnixAddress(given)
    if (unix !== undefined) return unix.host
    if (!/^https?:\/\/[!-~]{1,500}$/.test(given) || !URL.canParse(given)) return undefined
    const { origin, pathname, search, hash, username } = new URL(given)
    return `${search}${hash}${username}` === ''
      ? `${origin}${pathname}`.replace(/\/+$/, '')
      : undefined
  },
  none,
)

const name = (form: RegExp, what: string): z.ZodType<string | undefined, unknown> =>
  text(form, what).optional()

const apiKeys = {
  api: api.optional(),
  ca: fileName('').optional(),
  tokenFile: fileName('').optional(),
}
const scheme = choice(schemes, '').optional()

/** RFC 1123. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const kubernetes = mapOr('service', {
  service: name(label, 'the name of a service'),
  selector: name(/^[A-Za-z0-9._/=!,() -]{1,1000}$/, 'a label selector; write for example app=shop'),
  namespace: name(label, 'the name of a namespace'),
  port: name(/^(?:[a-z0-9-]{1,15}|\d{1,5})$/, 'the name or the number of a port'),
  scheme,
  ...apiKeys,
}).refine(({ service: one, selector }) => one !== undefined || selector !== undefined, {
  error: 'needs service or selector',
})

const consulName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/

const consul = mapOr('service', {
  service: text(consulName, 'the name of a service'),
  tag: name(/^[A-Za-z0-9._=:/-]{1,128}$/, 'a tag'),
  datacenter: name(consulName, 'the name of a datacenter'),
  namespace: name(consulName, 'the name of a namespace'),
  scheme,
  ...apiKeys,
})

const docker = mapOr('label', {
  label: text(/^[A-Za-z0-9._/-]{1,128}(?:=[!-~]{1,256})?$/, 'a label; write KEY or KEY=VALUE'),
  network: name(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'the name of a network'),
  port: count(1, 65_535, '').optional(),
  scheme,
  api: apiKeys.api,
  ca: apiKeys.ca,
})

/** Where the nodes are: one of these. */
const placeKeys = ['address', 'dns', 'srv', 'file', 'kubernetes', 'consul', 'docker'] as const

type KubernetesKeys = Omit<KubernetesSettings, 'kind' | 'every' | 'family'>
type ConsulKeys = Omit<ConsulSettings, 'kind' | 'every'>
type DockerKeys = Omit<DockerSettings, 'kind' | 'every' | 'tokenFile'>

interface Places {
  readonly dns?: NodeAddress | undefined
  readonly srv?: ServiceName | undefined
  readonly file?: string | undefined
  readonly kubernetes?: KubernetesKeys | undefined
  readonly consul?: ConsulKeys | undefined
  readonly docker?: DockerKeys | undefined
  readonly every?: number | undefined
  readonly family?: AddressFamily | undefined
  readonly resolver?: HostPort | undefined
}

interface PlacesAndAddress extends Places {
  readonly address?: NodeAddress | undefined
}

/** The keys of an entry that say where its nodes are. */
export const placeSchema: {
  readonly [Key in keyof PlacesAndAddress]-?: z.ZodType<PlacesAndAddress[Key], unknown>
} = {
  address: nodeEndpoint.optional(),
  dns: named.optional(),
  srv: service.optional(),
  file: fileName('').optional(),
  kubernetes: kubernetes.optional(),
  consul: consul.optional(),
  docker: docker.optional(),
  every: duration(fixedLimits.sourceEveryMsMin, '').optional(),
  family: family.optional(),
  resolver: resolver.optional(),
}

type Keys = { readonly [Key in keyof PlacesAndAddress]?: unknown }

/** A problem of keys that do not belong together. */
export function misplaced(
  keys: Keys,
): { readonly path?: keyof Keys; readonly message: string } | undefined {
  const places = placeKeys.filter((key) => keys[key] !== undefined)
  if (places.length === 0) return { message: `needs one of ${placeKeys.join(', ')}` }
  if (places.length > 1) return { message: `has ${places.join(' and ')}; write an entry for each` }
  if (keys.address !== undefined && keys.every !== undefined)
    return { path: 'every', message: 'an address does not change; for a name write dns' }
  const isName = keys.dns !== undefined || keys.srv !== undefined
  if (keys.resolver !== undefined && !isName)
    return { path: 'resolver', message: 'needs dns or srv' }
  if (keys.family !== undefined && !isName && keys.kubernetes === undefined)
    return { path: 'family', message: 'needs dns, srv or kubernetes' }
  return undefined
}

/** @param keys one of `dns`, `srv`, `file`, `kubernetes`, `consul` and `docker` is present. */
export function sourceIn(keys: Places): SourceSettings {
  const { dns, srv, file = '', kubernetes: slices, consul: catalog, docker: containers } = keys
  const { family: wanted = 'any', resolver: server } = keys
  const names = {
    family: wanted,
    ...(server === undefined ? {} : { resolver: server }),
    every: keys.every ?? fixedLimits.namesEveryMs,
  }
  if (dns !== undefined) return { kind: 'dns', name: dns, ...names }
  if (srv !== undefined) return { kind: 'srv', ...srv, ...names }
  const every = keys.every ?? fixedLimits.watchEveryMs
  if (slices !== undefined) return { kind: 'kubernetes', ...slices, family: wanted, every }
  if (catalog !== undefined) return { kind: 'consul', ...catalog, every }
  if (containers !== undefined) return { kind: 'docker', ...containers, every }
  return { kind: 'file', file, every: keys.every ?? fixedLimits.fileEveryMs }
}
