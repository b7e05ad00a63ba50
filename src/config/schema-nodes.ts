// Fixed nodes in the configuration: the entries of `to`, and the lists in files that such an entry names. Used by
// schema.ts and by the server.

import { z } from 'zod'
import {
  type Endpoint,
  type HostPort,
  parseHostPort,
  parseSecureEndpoint,
} from '../base/host-port.ts'
import { fixedLimits } from '../base/limits.ts'
import { isMatchable } from '../cluster/context.ts'
import type {
  AddressFamily,
  NodeEntry,
  NodeEntrySettings,
  NodeTlsFiles,
  SourceSettings,
} from './node-entry.ts'
import {
  count,
  duration,
  fileName,
  hostName,
  list,
  pem,
  pin,
  secureEndpoint,
  show,
  text,
  value,
  yesNo,
} from './schema-forms.ts'
import { nodeHealth } from './schema-health.ts'

const alias = text(
  /^[A-Za-z0-9._*[\]:-]{1,255}$/,
  'a host name; write for example shop.test, *.shop.test or * for all',
).refine(isMatchable, { error: 'a * stands alone or in front, as *.shop.test' })

const path = text(/^\/[^\s?#;,]{0,255}$/, 'a path; write for example /shop')

const texts = (item: z.ZodType<string, unknown>): z.ZodType<readonly string[], unknown> =>
  z.preprocess(
    (input) => (typeof input === 'string' ? input.split(',').map((part) => part.trim()) : input),
    z.array(item, { error: (issue) => `${show(issue.input)} is not a list` }).min(1, {
      error: 'an empty list',
    }),
  )

/** A map that may be absent as a whole. */
const group = <T extends Record<string, z.ZodType>>(keys: T): z.ZodObject<T, z.core.$strict> =>
  z.strictObject(keys, {
    error: (issue) =>
      issue.code === 'invalid_type' ? `${show(issue.input)} is not a map of keys` : undefined,
  })

const deadlines = group({
  connect: duration(1, '').optional(),
  responseHead: duration(1, '').optional(),
  responseBody: duration(1, '').optional(),
})

const queue = group({
  max: count(0, fixedLimits.queueMax, '').prefault(fixedLimits.queueDefault),
  timeout: duration(1, '').prefault(fixedLimits.queueMs),
})

const tls: z.ZodType<NodeTlsFiles, unknown> = group({
  ca: pem(''),
  pin: list(pin, '', { form: '', description: '' }),
  cert: pem(''),
  key: pem(''),
  servername: hostName,
  verify: yesNo('').prefault(true),
})

/** The settings of nodes, without defaults: an entry in a file overrides those of the entry that names the file. */
const settingKeys = {
  route: text(
    /^[A-Za-z0-9_-]{1,63}$/,
    'a name of at most 63 letters, digits, "-" and "_"; write for example shop-1',
  ).optional(),
  balancer: text(/^[A-Za-z0-9._-]{1,40}$/, 'the name of a balancer')
    .transform((name) => name.toLowerCase())
    .optional(),
  domain: text(/^[A-Za-z0-9._-]{1,20}$/, 'the name of a domain').optional(),
  aliases: texts(alias).optional(),
  contexts: texts(path).optional(),
  weight: count(1, fixedLimits.weightMax, '').optional(),
  backup: yesNo('').optional(),
  maxConnections: count(1, 1_000_000, '').optional(),
  queue: queue.optional(),
  slowStart: duration(0, '').optional(),
  health: nodeHealth.optional(),
  timeouts: deadlines.optional(),
}

const defaults: NodeEntrySettings = {
  contexts: ['/'],
  weight: 1,
  backup: false,
  slowStart: 0,
  timeouts: {},
}

const resolver = value<HostPort>(
  'the address of a name server; write for example 10.0.0.2 or 10.0.0.2:5353',
  (input) => parseHostPort(String(input), 53),
  { form: '', description: '' },
)

const family = value<AddressFamily>('any, 4 or 6', (input) => families.get(String(input)), {
  form: '',
  description: '',
})

const families: ReadonlyMap<string, AddressFamily> = new Map<string, AddressFamily>([
  ['any', 'any'],
  ['4', 4],
  ['6', 6],
])

const service = value<{ readonly service: string; readonly tls: boolean }>(
  'the name of a service, which begins with _SERVICE and _tcp [RFC 2782]',
  (input) => {
    const [, scheme, name] =
      /^(https?:\/\/)?(_[A-Za-z0-9-]{1,62}[.]_tcp[.][A-Za-z0-9_.-]{1,200})$/.exec(String(input)) ??
      []
    return name === undefined ? undefined : { service: name, tls: scheme === 'https://' }
  },
  { form: '', description: '' },
)

const named = value(
  'a name with a port; write for example shop.internal:8080',
  (input) => {
    const found = parseSecureEndpoint(input)
    return found === undefined || found.port < 1 ? undefined : found
  },
  { form: '', description: '' },
)

/** Where the nodes are: one of these. */
const placeKeys = ['address', 'dns', 'srv', 'file'] as const

const entryKeys = {
  address: secureEndpoint(1).optional(),
  dns: named.optional(),
  srv: service.optional(),
  file: fileName('').optional(),
  every: duration(fixedLimits.sourceEveryMsMin, '').optional(),
  family: family.optional(),
  resolver: resolver.optional(),
  ...settingKeys,
  tls: tls.optional(),
}

const notAnEntry = (issue: { readonly code?: string | undefined; readonly input?: unknown }) =>
  issue.code === 'invalid_type'
    ? `${show(issue.input)} is neither an address nor a map of keys`
    : undefined

type Keys = { readonly every?: unknown; readonly family?: unknown; readonly resolver?: unknown } & {
  readonly [Key in (typeof placeKeys)[number]]?: unknown
}

/** A problem of keys that do not belong together. */
function misplaced(
  keys: Keys,
): { readonly path?: keyof Keys; readonly message: string } | undefined {
  const places = placeKeys.filter((key) => keys[key] !== undefined)
  if (places.length === 0) return { message: `needs one of ${placeKeys.join(', ')}` }
  if (places.length > 1) return { message: `has ${places.join(' and ')}; write an entry for each` }
  if (keys.address !== undefined && keys.every !== undefined)
    return { path: 'every', message: 'an address does not change; for a name write dns' }
  const isName = keys.dns !== undefined || keys.srv !== undefined
  for (const path of ['family', 'resolver'] as const)
    if (keys[path] !== undefined && !isName) return { path, message: 'needs dns or srv' }
  return undefined
}

const withDefaults = (settings: object): NodeEntrySettings => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(settings).filter(([, set]) => set !== undefined)),
})

const asMap = (input: unknown): unknown =>
  typeof input === 'string' || typeof input === 'number' ? { address: input } : input

const entry: z.ZodType<NodeEntry, unknown> = z.preprocess(
  asMap,
  z
    .strictObject(entryKeys, { error: notAnEntry })
    .superRefine((keys, context) => {
      const problem = misplaced(keys)
      if (problem === undefined) return
      const { path, message } = problem
      context.addIssue({ code: 'custom', path: path === undefined ? [] : [path], message })
    })
    .transform(({ address, dns, srv, file, every, family, resolver, ...settings }): NodeEntry => {
      const all = withDefaults(settings)
      if (address !== undefined) return { ...all, address }
      const names = {
        family: family ?? 'any',
        ...(resolver === undefined ? {} : { resolver }),
        every: every ?? fixedLimits.namesEveryMs,
      } as const
      let source: SourceSettings
      if (dns !== undefined) source = { kind: 'dns', name: dns, ...names }
      else if (srv !== undefined) source = { kind: 'srv', ...srv, ...names }
      else source = { kind: 'file', file: file ?? '', every: every ?? fixedLimits.fileEveryMs }
      return { ...all, source }
    }),
)

/** An entry of a list in a file: an address, and settings in place of those of the entry that names the file. */
const listed = z.preprocess(
  asMap,
  z.strictObject({ address: secureEndpoint(1), ...settingKeys }, { error: notAnEntry }),
)

/** What an entry of a list in a file sets. */
export interface ListedNode extends Partial<NodeEntrySettings> {
  readonly address: Endpoint
}

/** @returns the nodes, or the first problem. */
export function readListed(raw: unknown): readonly ListedNode[] | string {
  if (!Array.isArray(raw)) return `${show(raw)} is not a list of nodes`
  const nodes: ListedNode[] = []
  for (const [index, item] of raw.entries()) {
    const result = listed.safeParse(item)
    if (!result.success) {
      const [issue] = result.error.issues
      return `entry ${index + 1}: ${[...(issue?.path ?? []), issue?.message].join(': ')}`
    }
    const set = Object.entries(result.data).filter(([, each]) => each !== undefined)
    nodes.push(Object.fromEntries(set) as unknown as ListedNode)
  }
  return nodes
}

/** Addresses and maps; in one string, with commas or as JSON (as in the environment). */
export const fixedNodes: z.ZodType<readonly NodeEntry[], unknown> = z
  .preprocess(
    (input) => {
      if (typeof input === 'object' && input !== null && !Array.isArray(input)) return [input]
      if (typeof input !== 'string' || !/^\s*[[{]/.test(input)) return input
      try {
        const parsed: unknown = JSON.parse(input)
        return Array.isArray(parsed) ? parsed : [parsed]
      } catch {
        return input
      }
    },
    list(entry, '', { form: '', description: '' }),
  )
  .prefault('')
  .meta({
    form: 'HOST:PORT or unix:/PATH, with https:// in front for TLS, or a list of these and of maps',
    description:
      'Fixed nodes, which need not register; `https://` in front means TLS. An address alone serves `/`. A map has `address`, or a source of addresses: `dns` (a name with a port), `srv` (a service) or `file` (a list), with `every` (10s, files 2s) and for names `family` (any, 4 or 6) and `resolver` (a name server). Its other keys are `route` (from the address), `balancer` (mycluster), `domain`, `contexts` (/), `aliases` (every host; needs `useAlias`), `weight` (1, up to 1000), `backup` (false), `maxConnections` (no limit) with `queue` (`max` 100, `timeout` 5s), `slowStart` (0s), `tls` (the keys of `nodeTls`, in place of these), `health` (a word or map as in `health`) and `timeouts` (`connect`, `responseHead`, `responseBody`). See [fixed-nodes.md](fixed-nodes.md).',
  })
