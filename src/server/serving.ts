// What `topspin serve` runs, for whoever started it.

import type { Origins } from '../config/origins.ts'
import type { ConfigProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import type { ServerCertificate } from '../net/tls-options.ts'
import type { DataPlane } from './data-plane.ts'
import type { HandOverResult } from './upgrade/hand-over.ts'
import type { Launch, Successor } from './upgrade/successor.ts'

/** The addresses of the listeners, as URLs. */
export interface Listening {
  readonly traffic: readonly string[]
  /** Absent without a control listener. */
  readonly control?: string
  /** Absent when there is no address for browsers. */
  readonly console?: string
  /** Absent when there is no address for health checks alone. */
  readonly health?: string
}

export type ReloadResult =
  | {
      readonly ok: true
      /** The keys whose new values are in force. */
      readonly changed: readonly string[]
      /** The keys whose values differ from those in force: they need a restart. */
      readonly restartKeys: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export interface Serving {
  readonly listening: Listening
  /** Absent for worker processes. */
  readonly requests: DataPlane['requests']
  readonly explain: DataPlane['explain']
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
  /** Time for requests in flight after SIGTERM, ms. */
  readonly drainMs: number
  /** Time for requests in flight after another process has taken over, ms. */
  readonly replacedMs: number
  /**
   * Puts the configuration in force except for the keys that need a restart, or changes nothing and returns the problems.
   */
  reload(config: Config, tls: TlsMaterial, origins?: Origins): Promise<ReloadResult>
  /** Why this configuration would serve nobody, where the one in force does. */
  outages(config: Config): Promise<readonly ConfigProblem[]>
  /** Reads the certificates again that the configuration in force names; with a problem nothing changes. */
  renewTls(): Promise<readonly ConfigProblem[]>
  /**
   * Replaces the certificates that do not come from files; they serve the `https://` addresses of `listen` beside those
   * of the configuration, which come first. Rejects when one cannot be used; then nothing changes.
   */
  useIssued(certificates: readonly ServerCertificate[]): Promise<void>
  /** Opens the file of the access log again by its name. */
  reopenLogs(): void
  /**
   * Is not ready from now on, accepts until `drain.delay` has passed, lets requests in flight end within `deadlineMs`,
   * then closes.
   */
  drain(deadlineMs: number): Promise<void>
  /**
   * Starts the program anew and hands everything over to it, or goes on as before. After it has succeeded, `leave` is to
   * be called. @param signal aborts it while that is possible.
   */
  handOver(launch: Launch, signal: AbortSignal): Promise<HandOverResult>
  /**
   * Another process serves: lets what clients have begun here end within `timeouts.replaced`, or within `timeouts.drain`
   * from a signal on, and closes.
   */
  leave(successor: Successor, signal: AbortSignal): Promise<void>
  /** Closes at once. */
  close(): Promise<void>
}
