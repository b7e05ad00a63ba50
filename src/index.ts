// The door `topspin`: the proxy for programs that embed it. A registry holds the cluster, the proxy forwards requests, and
// nodes register at the control listener; src/server/start-serving.ts puts them together.

export type { Clock, Random } from './base/clock.ts'
export { TopspinError } from './base/errors.ts'
export type { Logger } from './base/log.ts'
export type {
  Candidate,
  ExchangeView,
  RequestView,
  UserCandidacy,
} from './candidacy/candidacy.ts'
export type { CascadeEntry } from './candidacy/cascades.ts'
export { LiveTable } from './cluster/live.ts'
export type { FixedNode } from './cluster/registry/fixed.ts'
export { Registry } from './cluster/registry.ts'
export type { Change, Snapshot } from './cluster/snapshot.ts'
export { ConsolePages } from './console/console-pages.ts'
export type { ControlOptions } from './control/options.ts'
export { type Control, startControl } from './control/start-control.ts'
export type {
  BalancerReport,
  ContextReport,
  NodeReport,
  StatusReport,
  WorkerReport,
} from './control/status-report.ts'
export type { NodeTlsOptions } from './net/node-tls.ts'
export type { ClientAuth, ServerCertificate, TlsServerOptions } from './net/tls-options.ts'
export {
  type AccessEntry,
  type AccessLog,
  type Address,
  createProxy,
  type InsertSettings,
  loadPolicies,
  type ProxyOptions,
  type ProxySettings,
  type ReverseProxy,
  type StickyEntry,
  type StickySettings,
  type Timeouts,
} from './proxy/index.ts'
export { createTopspin, type Topspin } from './server/embedding/create-topspin.ts'
export type { OptionValue, TopspinOptions } from './server/embedding/options.ts'
export type { ExplainOptions, ReloadOutcome } from './server/embedding/running.ts'
export type { Listening } from './server/serving.ts'
