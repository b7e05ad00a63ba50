// What the environment says to `node --import topspin/auto`: TOPSPIN_... variables as options for
// joinCluster. Pure but for the file of the secret. Everything wrong is told at once.

import type { JoinOptions } from './join-cluster.ts'
import { environmentSecret } from './secret.ts'
import type { TlsFiles } from './tls-files.ts'

export type AutoSettings =
  | { readonly kind: 'off' }
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | {
      readonly kind: 'join'
      readonly options: JoinOptions
      /** Port of the one server to announce; undefined: the first that listens. */
      readonly port: number | undefined
      /** For proxies over TLS. */
      readonly tlsFiles?: TlsFiles
    }

type Environment = Readonly<Record<string, string | undefined>>

const known: readonly string[] = [
  'PROXIES',
  'SECRET',
  'SECRET_FILE',
  'ADVERTISE',
  'ADVERTISE_KEY',
  'ADVERTISE_INTERFACE',
  'CONTEXTS',
  'ALIASES',
  'ROUTE',
  'BALANCER',
  'DOMAIN',
  'HOST',
  'PORT',
  'REPORT_INTERVAL',
  'CAPACITY',
  'INITIAL_LOAD',
  'DRAIN',
  'DRAIN_DEADLINE',
  'CA',
  'CERT',
  'KEY',
]

/**
 * | variable | means | default |
 * |---|---|---|
 * | TOPSPIN_PROXIES | control addresses, comma-separated `host:port` or `https://host:port`; without it nothing is done | |
 * | TOPSPIN_SECRET, TOPSPIN_SECRET_FILE | the proxies' shared secret, or the file that holds it | |
 * | TOPSPIN_CA, _CERT, _KEY | PEM files for proxies over TLS: who may have signed their certificate; this node's own, and its key | |
 * | TOPSPIN_ADVERTISE | `on`, or a multicast group `host:port`: proxies that tell of themselves are joined | off |
 * | TOPSPIN_ADVERTISE_KEY, _ADVERTISE_INTERFACE | the proxies' key; the network interface | |
 * | TOPSPIN_CONTEXTS | paths, comma-separated | / |
 * | TOPSPIN_ALIASES | names of the virtual host, comma-separated | localhost |
 * | TOPSPIN_ROUTE, _BALANCER, _DOMAIN | as in `NodeOptions` | |
 * | TOPSPIN_HOST | address to announce | where the server listens |
 * | TOPSPIN_PORT | which server to announce, where an application has several | the first |
 * | TOPSPIN_REPORT_INTERVAL | milliseconds, or with a unit: `1s`, `500ms` | 10s |
 * | TOPSPIN_CAPACITY | requests in flight that mean "full" | |
 * | TOPSPIN_INITIAL_LOAD | load factor to start from, -1..100 | 0 |
 * | TOPSPIN_DRAIN | `requests` or `none` | requests |
 * | TOPSPIN_DRAIN_DEADLINE | milliseconds, or with a unit | 10s |
 */
export function autoSettings(environment: Environment): AutoSettings {
  const problems: string[] = []
  const text = (name: string): string | undefined => {
    const value = environment[`TOPSPIN_${name}`]?.trim()
    return value === '' ? undefined : value
  }
  const parsed = <T>(
    name: string,
    what: string,
    parse: (value: string) => T | undefined,
  ): T | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const result = parse(value)
    if (result === undefined) problems.push(`TOPSPIN_${name}="${value}": ${what}`)
    return result
  }
  const proxies = parsed('PROXIES', 'at least one host:port', list)
  const heard = text('ADVERTISE')
  const advertise =
    heard === undefined || heard === 'off'
      ? undefined
      : {
          group: heard === 'on' ? undefined : heard,
          key: text('ADVERTISE_KEY'),
          interface: text('ADVERTISE_INTERFACE'),
        }
  const isAsked = proxies !== undefined || advertise !== undefined
  if (!isAsked && problems.length === 0) return { kind: 'off' }
  const shown = environmentSecret(environment)
  if (!shown.ok) problems.push(shown.problem)
  const drain = {
    strategy: parsed('DRAIN', 'requests or none', (value) =>
      value === 'requests' || value === 'none' ? value : undefined,
    ),
    deadlineMs: parsed('DRAIN_DEADLINE', 'a time such as 10s or 500ms', milliseconds),
  }
  const options = {
    proxies: proxies ?? [],
    secret: shown.ok ? shown.secret : undefined,
    advertise: advertise === undefined ? undefined : present(advertise),
    signals: true,
    contexts: parsed('CONTEXTS', 'paths with commas between', list),
    aliases: parsed('ALIASES', 'names with commas between', list),
    route: text('ROUTE'),
    balancer: text('BALANCER'),
    domain: text('DOMAIN'),
    host: text('HOST'),
    reportIntervalMs: parsed('REPORT_INTERVAL', 'a time such as 10s or 500ms', milliseconds),
    capacity: parsed('CAPACITY', 'a number above 0', (value) => number(value, 1e-9, 1e9)),
    initialLoad: parsed('INITIAL_LOAD', '-1 to 100', (value) => number(value, -1, 100)),
    drain: present(drain),
  }
  const port = parsed('PORT', 'a port, 1 to 65535', (value) => number(value, 1, 65_535))
  for (const name of Object.keys(environment)) {
    if (name.startsWith('TOPSPIN_') && near(name.slice(8))) {
      problems.push(`${name} is not known; it may be TOPSPIN_${near(name.slice(8))}`)
    }
  }
  if (problems.length > 0) return { kind: 'bad', problems }
  const files = present({ ca: text('CA'), cert: text('CERT'), key: text('KEY') })
  const tlsFiles = Object.keys(files).length === 0 ? {} : { tlsFiles: files }
  return { kind: 'join', options: present(options) as JoinOptions, port, ...tlsFiles }
}

/** Without what is undefined: an option that is there has a value. */
function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function list(value: string): string[] | undefined {
  const items = value.split(',').map((item) => item.trim())
  return items.every((item) => item !== '') ? items : undefined
}

function number(value: string, least: number, most: number): number | undefined {
  const result = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  return result >= least && result <= most ? result : undefined
}

function milliseconds(value: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m)?$/.exec(value)
  const factor = match?.[2] === 's' ? 1_000 : match?.[2] === 'm' ? 60_000 : 1
  return match === null ? undefined : Number(match[1]) * factor
}

/** A known name that was meant, for one that is a plural, a singular or an underscore away from it. */
function near(name: string): string | undefined {
  if (known.includes(name)) return undefined
  const plain = (word: string): string => word.replaceAll('_', '').replace(/(E?S|Y|IES)$/, '')
  return known.find((candidate) => plain(candidate) === plain(name))
}
