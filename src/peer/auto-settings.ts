// TOPSPIN_... variables as options for joinPeers, for `TOPSPIN_MODE=peer node --import topspin/auto`. Pure, except
// that a key is compared with the names of files.

import { type Environment, EnvironmentReader, present } from '../base/environment.ts'
import { type LogLevel, logLevels, stderrLogAt } from '../base/stderr-log.ts'
import { choice, yesNo } from '../base/value-forms.ts'
import type { JoinPeersOptions } from './join-peers.ts'
import { readPeerKey } from './peer-key.ts'

type PeerAutoSettings =
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | {
      readonly kind: 'join'
      readonly options: JoinPeersOptions
      /** Port of the server that joins; undefined: the first that listens. */
      readonly port: number | undefined
      /** One sentence for each variable under its former name. */
      readonly warnings: readonly string[]
    }

/**
 * | variable | means | default |
 * |---|---|---|
 * | TOPSPIN_GROUP | `host:port` of a multicast group, a broadcast address, or a comma list of all peers; or `nats://server:4222/NAME` | |
 * | TOPSPIN_NATS_CREDS, _NATS_CA, _NATS_CERT, _NATS_KEY | files with credentials, PEM, for a group over NATS | none |
 * | TOPSPIN_INTERFACE | name or address of the network interface for announcements | the system's choice |
 * | TOPSPIN_CANDIDACY | candidacy functions, comma-separated | byAge 5, byRoom |
 * | TOPSPIN_PEER_KEY | secret shared by all peers | required, unless TOPSPIN_INSECURE=yes |
 * | TOPSPIN_INSECURE | `yes`: no key; announcements from near networks alone are accepted | no |
 * | TOPSPIN_LOG_LEVEL | debug, info, warn, error or off | info |
 * | TOPSPIN_SIGNALS | `no`: SIGTERM and SIGINT do not make this server leave | yes |
 * | TOPSPIN_ADDRESS | `http://host:port` where other peers reach this server | where the server listens |
 * | TOPSPIN_NAME | name among the peers | host and port |
 * | TOPSPIN_CONTEXTS | paths that this server serves, comma-separated | all |
 * | TOPSPIN_CAPACITY | requests in flight that mean "full" | 256 |
 * | TOPSPIN_PERIOD | duration between two announcements | 1s |
 * | TOPSPIN_TTL | routers that an announcement may pass, plus one | 1 |
 * | TOPSPIN_ACCEPT_FROM | networks whose announcements are accepted, comma-separated | see docs/peers.md |
 * | TOPSPIN_STATUS_PATH | path of the status page | nowhere |
 * | TOPSPIN_CONNECT_TIMEOUT | until a connection to a peer is made | 1s |
 * | TOPSPIN_ANSWER_TIMEOUT | until the first byte of a peer's answer | 60s |
 * | TOPSPIN_DRAIN_DEADLINE | for requests under way after SIGTERM | 10s |
 * | TOPSPIN_PORT | port of the server that joins, where an application has several | the first |
 */
export function peerAutoSettings(environment: Environment): PeerAutoSettings {
  const variables = new EnvironmentReader(environment)
  const group = variables.list('GROUP', 'host:port')
  const nats = present({
    creds: variables.text('NATS_CREDS'),
    ca: variables.text('NATS_CA'),
    cert: variables.text('NATS_CERT'),
    key: variables.text('NATS_KEY'),
  })
  const options = {
    group: group ?? [],
    nats: Object.keys(nats).length === 0 ? undefined : nats,
    signals: variables.value('SIGNALS', yesNo) ?? true,
    insecure: variables.value('INSECURE', yesNo),
    interface: variables.text('INTERFACE'),
    candidacy: variables.text('CANDIDACY'),
    name: variables.text('NAME'),
    contexts: variables.list('CONTEXTS', 'paths'),
    capacity: variables.number('CAPACITY', 1, 1e6, 'a number from 1 to 1000000'),
    periodMs: variables.duration('PERIOD'),
    ttl: variables.number('TTL', 0, 255, 'a number from 0 to 255'),
    acceptFrom: variables.list('ACCEPT_FROM', 'addresses and networks'),
    statusPath: variables.text('STATUS_PATH'),
    drainMs: variables.duration('DRAIN_DEADLINE'),
    timeouts: present({
      connectMs: variables.duration('CONNECT_TIMEOUT'),
      responseHeadMs: variables.duration('ANSWER_TIMEOUT'),
    }),
  }
  const port = variables.number('PORT', 1, 65_535, 'a port from 1 to 65535')
  const key = readPeerKey(variables)
  const level = variables.value('LOG_LEVEL', choice(logLevels, 'a level')) as LogLevel | undefined
  const address = variables.parsed(
    variables.renamed('ADDRESS', 'ADVERTISE'),
    'a URL; write http://host:port, where other peers reach this server',
    (text) => (/^https?:\/\//i.test(text) ? text : undefined),
  )
  variables.expect('MODE')
  const { problems, warnings, hints } = variables
  if (group === undefined && problems.length === 0) problems.push('TOPSPIN_GROUP is not set')
  if (key === undefined && options.insecure !== true && problems.length === 0)
    problems.push(
      'TOPSPIN_PEER_KEY is not set; set the secret that all peers share, or TOPSPIN_INSECURE=yes for a group without one',
    )
  if (problems.length + hints.length > 0) return { kind: 'bad', problems: [...problems, ...hints] }
  const joinOptions = present({
    ...options,
    key,
    address,
    log: stderrLogAt(level ?? 'info'),
  }) as JoinPeersOptions
  return { kind: 'join', options: joinOptions, port, warnings }
}
