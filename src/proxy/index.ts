// The door of the front proxy: a reverse proxy that forwards to the nodes of the cluster's snapshot.

import { checkProxyOptions } from './option-forms.ts'
import { type ProxyOptions, ReverseProxy } from './reverse-proxy.ts'

export {
  type AccessEntry,
  type AccessLog,
  type AttemptSpan,
  defaultInsert,
  defaultSettings,
  type InsertSettings,
  loadPolicies,
  newPseudonym,
  type ProxySettings,
  type StickyEntry,
  type StickySettings,
  type Timeouts,
  type TraceReport,
} from '../forward/index.ts'
export { listenKeys } from './listen-keys.ts'
export type { Address, SharedSockets } from './listener.ts'
export type { Changes, ParsedRequests } from './parsed-requests.ts'
export type { ProxyOptions, ReverseProxy } from './reverse-proxy.ts'

/**
 * @throws TopspinError BAD_OPTION for unknown options and values of another type, RangeError for a candidacy function or a trusted network that does not exist, and for invalid settings of AJP.
 */
export function createProxy(options: ProxyOptions): ReverseProxy {
  checkProxyOptions(options)
  return new ReverseProxy(options)
}
