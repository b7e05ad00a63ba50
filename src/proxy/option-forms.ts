// The names and forms of the options of `createProxy`, for the check that finds misspelt ones.

import { badOption, formsOf, type OptionForms, requireForms } from '../base/option-forms.ts'
import { defaultSettings } from '../forward/index.ts'
import type { Address } from './listener.ts'
import type { ProxyOptions } from './reverse-proxy.ts'

type Form = OptionForms[string]

const furtherForms = {
  listen: 'list',
  tls: 'any',
  sockets: 'any',
  via: 'text',
  keepAlive: 'boolean',
  nodeTls: 'any',
  nodesAllow: 'texts',
  live: 'any',
  share: 'any',
  onNodeDown: 'function',
  onNodeSuspect: 'function',
  accessLog: 'any',
  policies: 'any',
  tickMs: 'number',
  openFiles: 'number',
  log: 'logger',
  clock: 'any',
  random: 'function',
  newId: 'function',
} satisfies Record<Exclude<keyof ProxyOptions, keyof typeof defaultSettings>, Form>

const optionForms: OptionForms = { ...formsOf(defaultSettings), ...furtherForms }

const addressForms: OptionForms = {
  host: 'text',
  port: 'number',
  tls: 'boolean',
  mode: 'number',
  owner: 'text',
  group: 'text',
  http2: 'boolean',
  httpsRedirect: 'any',
  proxyProtocol: 'texts',
  tlsOptions: 'any',
} satisfies Record<keyof Address, Form>

const example = "{ listen: [{ host: '127.0.0.1', port: 8000 }] }"

/** @throws TopspinError BAD_OPTION for unknown options and for values of another type. */
export function checkProxyOptions(options: unknown): void {
  requireForms(options, optionForms, example)
  const { listen } = options as Partial<ProxyOptions>
  if (listen === undefined) throw badOption(`listen is missing: for example ${example}`)
  for (const [index, address] of listen.entries())
    requireForms(address, addressForms, "{ host: '127.0.0.1', port: 8000 }", `listen[${index}].`)
}
