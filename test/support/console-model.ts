// Nodes, events and a cluster as the console has them, with everything that does not matter filled in.

import type { ApiContext, ApiEvent, ApiNode, ApiTraffic } from '../../src/console/model/api.ts'
import { ClusterView } from '../../src/console/model/cluster-view.ts'

export const apiContext = (path: string, given: Partial<ApiContext> = {}): ApiContext => ({
  path,
  alias: 'localhost',
  status: 'ENABLED',
  inFlight: 0,
  ...given,
})

export const apiNode = (route: string, given: Partial<ApiNode> = {}): ApiNode => ({
  route,
  balancer: 'mycluster',
  domain: '',
  host: '127.0.0.1',
  port: 8080,
  type: 'http',
  fixed: false,
  backup: false,
  source: '',
  loadFactor: 100,
  silent: false,
  unconfirmed: false,
  health: 'up',
  reason: null,
  inFlight: 0,
  connections: 0,
  maxConnections: null,
  queued: 0,
  room: { inHand: 0, long: 0, ms: null, knee: 1 },
  sessions: 0,
  elected: 0,
  failures: 0,
  errors: 0,
  bytesRead: 0,
  bytesSent: 0,
  weight: 100,
  ejected: false,
  perSecond: 0,
  errorsPerSecond: 0,
  p50Ms: null,
  p99Ms: null,
  contexts: [apiContext('/')],
  ...given,
})

let last = 0

/** @param seconds after the start of 2026. */
export const apiEvent = (
  message: string,
  detail: ApiEvent['detail'],
  seconds: number,
  level: ApiEvent['level'] = 'info',
): ApiEvent => ({
  id: ++last,
  at: new Date(start + seconds * 1_000).toISOString(),
  level,
  message,
  detail,
})

/** A full slot of the history begins here. */
export const start: number = Date.UTC(2026, 0, 1)

/** A cluster whose clock is that of this machine; `play` lets seconds pass. */
export class PlayedCluster {
  readonly view: ClusterView = new ClusterView()
  at: number = start

  constructor(nodes: readonly ApiNode[], traffic: Partial<ApiTraffic> = {}) {
    this.tell(nodes, traffic)
  }

  tell(
    nodes: readonly (Partial<ApiNode> & Pick<ApiNode, 'route'>)[],
    traffic: Partial<ApiTraffic> = {},
    gone: readonly string[] = [],
  ): void {
    this.view.apply({ at: new Date(this.at).toISOString(), nodes, gone, traffic }, this.at)
  }

  /** @param each second what is told. */
  play(seconds: number, each: (second: number) => void = () => {}): void {
    for (let second = 1; second <= seconds; second++) {
      this.at += 1_000
      each(second)
      this.view.step(this.at)
    }
  }
}
