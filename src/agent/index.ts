// The door `topspin/agent`: a server of this process joins a cluster of Topspin, httpd or Undertow proxies. It needs
// Node.js built-ins only.

export { TopspinError } from '../base/errors.ts'
export type { Logger } from '../base/log.ts'
export type { ProxyTls } from '../net/mcmp-client.ts'
export { defaultMetrics } from './default-metrics.ts'
export { type Agent, type JoinOptions, joinCluster } from './join-cluster.ts'
export type { LinkState } from './link-state.ts'
export type { CapacityOptions, LoadMetric, LoadRound, MetricOptions } from './load-metric.ts'
export type { ProxyStatus } from './membership.ts'
export { type BusynessOptions, busyness } from './metrics/busyness.ts'
export { type EventLoopDelayOptions, eventLoopDelay, eventLoopUse } from './metrics/event-loop.ts'
export { heap, memory } from './metrics/memory.ts'
export { processor, systemLoad } from './metrics/processor.ts'
export { receiveRate, requestRate, sendRate } from './metrics/rate.ts'
export { type SessionsOptions, sessions } from './metrics/sessions.ts'
export type { DrainOptions, NodeOptions, StickyOptions } from './options.ts'
export type { ContextState } from './registration.ts'
