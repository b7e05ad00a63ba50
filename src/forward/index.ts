// The one door of forward/: code outside this folder imports from here and from no other file of it.

export { ClientConnection, type ClientWays } from './client/client-connection.ts'
export type { ExchangeClient } from './client/exchange-client.ts'
export { Tunnel } from './client/tunnel.ts'
export type { Exchange } from './exchange.ts'
export {
  type CandidateFacts,
  type ExplainQuestion,
  explainRequest,
  type RequestExplanation,
  type StepFacts,
} from './explain-request.ts'
export { noNode, proxyFull, type Refusal, refusalBytes } from './stages/refusal.ts'
export type { AccessEntry, AccessLog } from './traffic/access-log.ts'
export { loadPolicies } from './traffic/load-policies.ts'
export { makeCascades } from './traffic/make-cascades.ts'
export { makeTraffic, type TrafficOptions } from './traffic/make-traffic.ts'
export {
  defaultSettings,
  defaultTimeouts,
  newPseudonym,
  type ProxySettings,
  type Timeouts,
} from './traffic/settings.ts'
export type { Traffic } from './traffic/traffic.ts'
