// The names and forms of the options of a server among its peers, for the check that finds misspelt ones. Used by
// join-peers.ts and start-peers.ts.

import { type OptionForms, requireForms } from '../base/option-forms.ts'
import type { NodeTlsOptions } from '../net/node-tls.ts'
import type { PeersOptions } from './options.ts'

const tlsForms = {
  ca: 'text',
  cert: 'text',
  key: 'text',
  pins: 'texts',
  servername: 'text',
  verify: 'boolean',
} satisfies Record<Exclude<keyof NodeTlsOptions, 'entries' | 'http2'>, OptionForms[string]>

const peersForms = {
  group: 'text or texts',
  nats: { creds: 'text', ca: 'text', cert: 'text', key: 'text' },
  address: 'text',
  key: 'text or texts',
  insecure: 'boolean',
  name: 'text',
  contexts: 'texts',
  capacity: 'number',
  periodMs: 'number',
  interface: 'text',
  ttl: 'number',
  port: 'number',
  acceptFrom: 'texts',
  skewMs: 'number',
  silentPeriods: 'number',
  forgetMs: 'number',
  resources: 'function',
  log: 'logger',
  clock: 'any',
  random: 'function',
  openDatagrams: 'function',
  candidacy: 'text or texts',
  balance: 'any',
  policies: 'any',
  timeouts: {
    connectMs: 'number',
    responseHeadMs: 'number',
    responseBodyMs: 'number',
    tunnelMs: 'number',
    sendMs: 'number',
  },
  peerTls: tlsForms,
  statusPath: 'text',
  statusFrom: 'texts',
} satisfies Record<keyof PeersOptions, OptionForms[string]>

/** Of `startPeers`. */
export const startForms: OptionForms = peersForms

/** Of `joinPeers`. */
export const joinForms: OptionForms = { ...peersForms, signals: 'boolean', drainMs: 'number' }

/** The former name of an option is no misspelling: membership/settings.ts reports it. */
const former = { advertise: 'any' } as const

/** @throws TopspinError BAD_OPTION for unknown options and for values of another type. */
export function checkPeersOptions(options: object | undefined, forms: OptionForms): void {
  const example = "{ group: '239.255.77.1:4445', key: '...' }"
  requireForms(options, { ...forms, ...former }, example)
}
