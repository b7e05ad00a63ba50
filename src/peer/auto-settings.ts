// What the environment says to `TOPSPIN_MODE=peer node --import topspin/auto`: TOPSPIN_... variables as
// options for joinPeers. Pure. Everything wrong is told at once.

import { type Environment, EnvironmentReader, list, present } from '../base/environment.ts'
import { suggest } from '../base/suggest.ts'
import type { JoinPeersOptions } from './join-peers.ts'

export type PeerAutoSettings =
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | {
      readonly kind: 'join'
      readonly options: JoinPeersOptions
      /** Port of the one server that joins; undefined: the first that listens. */
      readonly port: number | undefined
    }

const known: readonly string[] = [
  'MODE',
  'GROUP',
  'INTERFACE',
  'CANDIDACY',
  'KEY',
  'ADVERTISE',
  'NAME',
  'CONTEXTS',
  'CAPACITY',
  'PERIOD',
  'TTL',
  'ACCEPT_FROM',
  'STATUS_PATH',
  'CONNECT_TIMEOUT',
  'ANSWER_TIMEOUT',
  'DRAIN_DEADLINE',
  'PORT',
]

/**
 * | variable | means | default |
 * |---|---|---|
 * | TOPSPIN_GROUP | `host:port` of a multicast group, a broadcast address, or a comma list of all peers | |
 * | TOPSPIN_INTERFACE | name or address of the interface to speak and listen at | the system's choice |
 * | TOPSPIN_CANDIDACY | candidacy functions, comma-separated | byAge 5, byRandom, byLogWindow, addSelf, byDelay |
 * | TOPSPIN_KEY | secret shared by all peers | none: only near networks are believed |
 * | TOPSPIN_ADVERTISE | `http://host:port` where others hand requests over to | where the server listens |
 * | TOPSPIN_NAME | name among the peers | host and port |
 * | TOPSPIN_CONTEXTS | paths that are served here, comma-separated | all |
 * | TOPSPIN_CAPACITY | requests in flight that mean "full" | 256 |
 * | TOPSPIN_PERIOD | time between two announcements: milliseconds, or with a unit | 1s |
 * | TOPSPIN_TTL | routers that an announcement may pass, plus one | 1 |
 * | TOPSPIN_ACCEPT_FROM | networks that are believed, comma-separated | see docs/peers.md |
 * | TOPSPIN_STATUS_PATH | path of the status page | nowhere |
 * | TOPSPIN_CONNECT_TIMEOUT | until a peer takes a connection | 1s |
 * | TOPSPIN_ANSWER_TIMEOUT | until the first byte of a peer's answer | 60s |
 * | TOPSPIN_DRAIN_DEADLINE | for requests under way after SIGTERM | 10s |
 * | TOPSPIN_PORT | which server joins, where an application has several | the first |
 */
export function peerAutoSettings(environment: Environment): PeerAutoSettings {
  const variables = new EnvironmentReader(environment)
  const { problems } = variables
  const paths = 'paths with commas between'
  const group = variables.parsed('GROUP', 'host:port, or several with commas between', list)
  if (group === undefined && problems.length === 0) problems.push('TOPSPIN_GROUP is not set')
  const options = {
    group: group ?? [],
    signals: true,
    interface: variables.text('INTERFACE'),
    candidacy: variables.text('CANDIDACY'),
    key: variables.text('KEY'),
    advertise: variables.text('ADVERTISE'),
    name: variables.text('NAME'),
    contexts: variables.parsed('CONTEXTS', paths, list),
    capacity: variables.parsed('CAPACITY', 'a number above 0', (value) => number(value, 1, 1e6)),
    periodMs: variables.time('PERIOD'),
    ttl: variables.parsed('TTL', '0 to 255', (value) => number(value, 0, 255)),
    acceptFrom: variables.parsed('ACCEPT_FROM', 'addresses and networks with commas between', list),
    statusPath: variables.text('STATUS_PATH'),
    drainMs: variables.time('DRAIN_DEADLINE'),
    timeouts: present({
      connectMs: variables.time('CONNECT_TIMEOUT'),
      responseHeadMs: variables.time('ANSWER_TIMEOUT'),
    }),
  }
  const port = variables.parsed('PORT', 'a port, 1 to 65535', (value) => number(value, 1, 65_535))
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('TOPSPIN_') || known.includes(name.slice(8))) continue
    const meant = suggest(name.slice(8), known)
    if (meant !== undefined) problems.push(`${name} is not known; it may be TOPSPIN_${meant}`)
  }
  if (problems.length > 0) return { kind: 'bad', problems }
  return { kind: 'join', options: present(options) as JoinPeersOptions, port }
}

function number(value: string, least: number, most: number): number | undefined {
  const result = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  return result >= least && result <= most ? result : undefined
}
