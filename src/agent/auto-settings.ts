// TOPSPIN_... variables as options for joinCluster, for `node --import topspin/auto`. Pure, except that it reads the
// file of the secret.

import { type Environment, EnvironmentReader, present } from '../base/environment.ts'
import type { JoinOptions } from './join-cluster.ts'
import { environmentSecret } from './secret.ts'
import type { TlsFiles } from './tls-files.ts'

type AutoSettings =
  /** No variable names a cluster; the hints name misspelt variables. */
  | { readonly kind: 'off'; readonly hints: readonly string[] }
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | {
      readonly kind: 'join'
      readonly options: JoinOptions
      /** Port of the server to register; undefined: the first that listens. */
      readonly port: number | undefined
      /** For proxies over TLS. */
      readonly tlsFiles?: TlsFiles
    }

/**
 * | variable | means | default |
 * |---|---|---|
 * | TOPSPIN_PROXIES | control addresses, comma-separated `host:port` or `https://host:port`; without it the process joins no cluster | |
 * | TOPSPIN_SECRET, TOPSPIN_SECRET_FILE | the proxies' shared secret, or the file that holds it | |
 * | TOPSPIN_CA, _CERT, _KEY | PEM files for proxies over TLS: the authorities that sign their certificates; this node's certificate, and its private key | |
 * | TOPSPIN_ADVERTISE | `on`, or a multicast group `host:port`: joins the proxies that advertise themselves there | off |
 * | TOPSPIN_ADVERTISE_KEY, _ADVERTISE_INTERFACE | the proxies' key; the network interface | |
 * | TOPSPIN_CONTEXTS | paths, comma-separated | / |
 * | TOPSPIN_ALIASES | names of the virtual host, comma-separated | localhost |
 * | TOPSPIN_ROUTE, _BALANCER, _DOMAIN | as in `NodeOptions` | |
 * | TOPSPIN_HOST | address to register | where the server listens |
 * | TOPSPIN_PORT | port of the server to register, where an application has several | the first |
 * | TOPSPIN_REPORT_INTERVAL | a duration: `1s`, `500ms`, `1.5m`, or milliseconds | 10s |
 * | TOPSPIN_CAPACITY | requests in flight that mean "full" | |
 * | TOPSPIN_INITIAL_LOAD | load factor to start from, -1..100 | 0 |
 * | TOPSPIN_DRAIN | `requests` or `none` | requests |
 * | TOPSPIN_DRAIN_DEADLINE | a duration | 10s |
 */
export function autoSettings(environment: Environment): AutoSettings {
  const variables = new EnvironmentReader(environment)
  const proxies = variables.list('PROXIES', 'host:port')
  const options = {
    proxies: proxies ?? [],
    advertise: readAdvertise(variables),
    signals: true,
    contexts: variables.list('CONTEXTS', 'paths'),
    aliases: variables.list('ALIASES', 'names'),
    route: variables.text('ROUTE'),
    balancer: variables.text('BALANCER'),
    domain: variables.text('DOMAIN'),
    host: variables.text('HOST'),
    reportIntervalMs: variables.duration('REPORT_INTERVAL'),
    capacity: variables.number('CAPACITY', 1e-9, 1e9, 'a number above 0'),
    initialLoad: variables.number('INITIAL_LOAD', -1, 100, 'a number from -1 to 100'),
    drain: readDrain(variables),
  }
  const port = variables.number('PORT', 1, 65_535, 'a port from 1 to 65535')
  const tlsFiles = present({
    ca: variables.text('CA'),
    cert: variables.text('CERT'),
    key: variables.text('KEY'),
  })
  variables.expect('MODE', 'SECRET', 'SECRET_FILE')
  const { problems, hints } = variables
  const isAsked = environment['TOPSPIN_PROXIES']?.trim() || options.advertise !== undefined
  if (!isAsked) return { kind: 'off', hints }
  const secret = environmentSecret(environment)
  if (!secret.ok) problems.push(secret.problem)
  if (problems.length + hints.length > 0) return { kind: 'bad', problems: [...problems, ...hints] }
  return {
    kind: 'join',
    options: present({ ...options, secret: secret.ok ? secret.secret : undefined }) as JoinOptions,
    port,
    ...(Object.keys(tlsFiles).length === 0 ? {} : { tlsFiles }),
  }
}

/** undefined when the node does not listen for proxies. */
function readAdvertise(variables: EnvironmentReader): JoinOptions['advertise'] {
  const group = variables.text('ADVERTISE')
  const key = variables.text('ADVERTISE_KEY')
  const which = variables.text('ADVERTISE_INTERFACE')
  if (group === undefined || group === 'off') return undefined
  return present({ group: group === 'on' ? undefined : group, key, interface: which })
}

function readDrain(variables: EnvironmentReader): JoinOptions['drain'] {
  const strategy = variables.parsed('DRAIN', 'a way to drain; write requests or none', (value) =>
    value === 'requests' || value === 'none' ? value : undefined,
  )
  return present({ strategy, deadlineMs: variables.duration('DRAIN_DEADLINE') })
}
