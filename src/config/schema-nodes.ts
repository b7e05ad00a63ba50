// Fixed nodes in the configuration: the entries of `to`, and the lists in files that such an entry names. Used by
// schema.ts and by the server.

import { z } from 'zod'
import type { NodeAddress } from '../base/host-port.ts'
import { fixedLimits } from '../base/limits.ts'
import { isMatchable } from '../cluster/context.ts'
import type { NodeEntry, NodeEntrySettings, NodeTlsFiles } from './node-entry.ts'
import {
  count,
  duration,
  hostName,
  list,
  nodeEndpoint,
  pem,
  pin,
  show,
  text,
  yesNo,
} from './schema-forms.ts'
import { nodeHealth } from './schema-health.ts'
import { misplaced, placeSchema, sourceIn } from './schema-sources.ts'

const alias = text(
  /^[A-Za-z0-9._*[\]:-]{1,255}$/,
  'a host name; write for example shop.test, *.shop.test or * for all',
).refine(isMatchable, {
  error: 'no request names such a host; a * stands alone or in front, as *.shop.test',
})

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
  http2: yesNo('').optional(),
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

const entryKeys = { ...placeSchema, ...settingKeys, tls: tls.optional() }

const notAnEntry = (issue: { readonly code?: string | undefined; readonly input?: unknown }) =>
  issue.code === 'invalid_type'
    ? `${show(issue.input)} is neither an address nor a map of keys`
    : undefined

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
    .transform(({ address, dns, srv, file, kubernetes, consul, docker, ...others }): NodeEntry => {
      const { every, family, resolver, ...settings } = others
      const all = withDefaults(settings)
      if (address !== undefined) return { ...all, address }
      const places = { dns, srv, file, kubernetes, consul, docker, every, family, resolver }
      return { ...all, source: sourceIn(places) }
    }),
)

/** An entry of a list in a file: an address, and settings in place of those of the entry that names the file. */
const listed = z.preprocess(
  asMap,
  z.strictObject({ address: nodeEndpoint, ...settingKeys }, { error: notAnEntry }),
)

/** What an entry of a list in a file sets. */
export interface ListedNode extends Partial<NodeEntrySettings> {
  readonly address: NodeAddress
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
    form: 'HOST:PORT or unix:/PATH, with https:// in front for TLS, h2c:// for HTTP/2 or h2:// for both, or a list of these and of maps',
    description:
      'Fixed nodes, which need not register; `https://` in front means TLS, `h2c://` HTTP/2 in the clear, `h2://` HTTP/2 over TLS. An address alone serves `/`. A map has `address`, or a source of addresses: `dns` (a name with a port), `srv` (a service), `file` (a list), `kubernetes` (a service, or a map of `service`, `selector`, `namespace`, `port`, `scheme`, `api`, `ca`, `tokenFile`), `consul` (a service, or a map of `service`, `tag`, `datacenter`, `namespace`, `scheme`, `api`, `ca`, `tokenFile`) or `docker` (a label, or a map of `label`, `network`, `port`, `scheme`, `api`, `ca`), with `every` (10s, otherwise 2s), for names and Kubernetes `family` (any, 4 or 6) and for names `resolver` (a name server). Its other keys are `route` (from the address), `balancer` (mycluster), `domain`, `contexts` (/), `aliases` (every host; needs `useAlias`), `weight` (1, up to 1000), `backup` (false), `maxConnections` (no limit) with `queue` (`max` 100, `timeout` 5s), `slowStart` (0s), `tls` (the keys of `nodeTls`, in place of these), `health` (a word or map as in `health`) and `timeouts` (`connect`, `responseHead`, `responseBody`). See [fixed-nodes.md](fixed-nodes.md).',
  })
