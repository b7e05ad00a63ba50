// What the environment says to `node --import topspin/auto`: TOPSPIN_... variables as options for
// joinCluster. Pure but for the file of the secret. Everything wrong is told at once.

import { type Environment, EnvironmentReader, list, present } from '../base/environment.ts'
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
  const variables = new EnvironmentReader(environment)
  const { problems } = variables
  const proxies = variables.parsed('PROXIES', 'at least one host:port', list)
  const heard = variables.text('ADVERTISE')
  const advertise =
    heard === undefined || heard === 'off'
      ? undefined
      : {
          group: heard === 'on' ? undefined : heard,
          key: variables.text('ADVERTISE_KEY'),
          interface: variables.text('ADVERTISE_INTERFACE'),
        }
  const isAsked = proxies !== undefined || advertise !== undefined
  if (!isAsked && problems.length === 0) return { kind: 'off' }
  const shown = environmentSecret(environment)
  if (!shown.ok) problems.push(shown.problem)
  const drain = {
    strategy: variables.parsed('DRAIN', 'requests or none', (value) =>
      value === 'requests' || value === 'none' ? value : undefined,
    ),
    deadlineMs: variables.time('DRAIN_DEADLINE'),
  }
  const options = {
    proxies: proxies ?? [],
    secret: shown.ok ? shown.secret : undefined,
    advertise: advertise === undefined ? undefined : present(advertise),
    signals: true,
    contexts: variables.parsed('CONTEXTS', 'paths with commas between', list),
    aliases: variables.parsed('ALIASES', 'names with commas between', list),
    route: variables.text('ROUTE'),
    balancer: variables.text('BALANCER'),
    domain: variables.text('DOMAIN'),
    host: variables.text('HOST'),
    reportIntervalMs: variables.time('REPORT_INTERVAL'),
    capacity: variables.parsed('CAPACITY', 'a number above 0', (value) => number(value, 1e-9, 1e9)),
    initialLoad: variables.parsed('INITIAL_LOAD', '-1 to 100', (value) => number(value, -1, 100)),
    drain: present(drain),
  }
  const port = variables.parsed('PORT', 'a port, 1 to 65535', (value) => number(value, 1, 65_535))
  for (const name of Object.keys(environment)) {
    if (name.startsWith('TOPSPIN_') && near(name.slice(8))) {
      problems.push(`${name} is not known; it may be TOPSPIN_${near(name.slice(8))}`)
    }
  }
  if (problems.length > 0) return { kind: 'bad', problems }
  const files = present({
    ca: variables.text('CA'),
    cert: variables.text('CERT'),
    key: variables.text('KEY'),
  })
  const tlsFiles = Object.keys(files).length === 0 ? {} : { tlsFiles: files }
  return { kind: 'join', options: present(options) as JoinOptions, port, ...tlsFiles }
}

function number(value: string, least: number, most: number): number | undefined {
  const result = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  return result >= least && result <= most ? result : undefined
}

/** A known name that was meant, for one that is a plural, a singular or an underscore away from it. */
function near(name: string): string | undefined {
  if (known.includes(name)) return undefined
  const plain = (word: string): string => word.replaceAll('_', '').replace(/(E?S|Y|IES)$/, '')
  return known.find((candidate) => plain(candidate) === plain(name))
}
