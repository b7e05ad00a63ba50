// Another proxy that serves the cluster beside or in place of this one's own traffic: Envoy (xds/) and HAProxy (haproxy/).

import type { TlsMaterial } from '../../config/tls-files.ts'
import type { EngineReport } from '../../control/engine-report.ts'

export interface Engine {
  /** Begins to give it the cluster. */
  start(): void
  /**
   * The cluster has changed.
   * @param isUrgent something is to get fewer requests: resolves when the engine has it in force, or after a deadline.
   * Otherwise resolves at once.
   */
  changed(isUrgent: boolean): Promise<void>
  /** Other certificates for new connections. */
  useTls?(tls: TlsMaterial): void
  /** One row for each connected proxy. */
  reports(): readonly EngineReport[]
  close(): Promise<void>
}
