// The one door of forward/: code outside this folder imports from here and from no other file of it.

export type { PaceLimits } from './client/body-pace.ts'
export { ClientConnection } from './client/client-connection.ts'
export { identify } from './client/client-identity.ts'
export { type ClientRules, ProxyRules } from './client/client-rules.ts'
export { Tunnel } from './client/tunnel.ts'
export type { Exchange } from './exchange.ts'
export type { ExchangeClient } from './exchange-client.ts'
export {
  type CandidateFacts,
  type ExplainQuestion,
  explainRequest,
  type ReasonFacts,
  type RequestExplanation,
  type StepFacts,
} from './explain-request.ts'
export { noNode, proxyFull, type Refusal, refusalBytes } from './refusal.ts'
export type { AccessEntry, AccessLog } from './shared/access-log.ts'
export {
  defaultSettings,
  defaultTimeouts,
  newPseudonym,
  type ProxySettings,
  type SettingsOptions,
  type Timeouts,
  type TrafficOptions,
} from './shared/settings.ts'
export {
  defaultInsert,
  type InsertSettings,
  type StickyEntry,
  type StickySettings,
} from './shared/sticky-settings.ts'
export { loadPolicies } from './traffic/load-policies.ts'
export { makeTraffic } from './traffic/make-traffic.ts'
export { replaceSettings } from './traffic/replace-settings.ts'
export type { Traffic } from './traffic/traffic.ts'
