// The door of the front proxy: a reverse proxy that forwards to the nodes of the cluster's snapshot.

import { type ProxyOptions, ReverseProxy } from './reverse-proxy.ts'

export {
  type AccessEntry,
  type AccessLog,
  defaultInsert,
  defaultSettings,
  defaultTimeouts,
  type InsertSettings,
  loadPolicies,
  newPseudonym,
  type ProxySettings,
  type StickyEntry,
  type StickySettings,
  type Timeouts,
} from '../forward/index.ts'
export { listenKeys } from './listen-keys.ts'
export type { Address, SharedSockets } from './listener.ts'
export type { ProxyOptions, ReverseProxy } from './reverse-proxy.ts'

/** @throws RangeError for a candidacy function or a trusted network that does not exist, and for invalid settings of AJP. */
export function createProxy(options: ProxyOptions): ReverseProxy {
  return new ReverseProxy(options)
}
