// A peer's announcement: its address and resources, sent to the other peers in one datagram, once a second by default.

import type { HostPort } from '../base/host-port.ts'

/** Resources of a peer and their use. All numbers are finite and not negative. */
export interface Resources {
  /** Requests that the peer would serve in a second one after the other, 1000 / `ms`; 1 when not known. */
  readonly speed: number
  /** Processors that it may use. */
  readonly cores: number
  /** Load average of the last minute (or a substitute for it), not divided by `cores`. */
  readonly load: number
  /** Highest load seen since start, rounded up to a power of two; at least 1. */
  readonly loadHigh: number
  /** Share of processor time that was idle since the last announcement, 0..1. */
  readonly cpuIdle: number
  /** Bytes; the limit of the container, if there is one. */
  readonly memoryTotal: number
  /** Bytes. */
  readonly memoryAvailable: number
  /** Delay of timers in the last second, ms. */
  readonly eventLoopDelayMs: number
  /** Requests in progress, without upgraded and long ones. */
  readonly slotsInUse: number
  /** Requests that the peer can take beside these. */
  readonly slotsFree: number
  /** Requests served since start. */
  readonly served: number
  /** Typical time to serve a request, ms: a moving average close to the median; 0 before the first request. */
  readonly serviceTimeMs: number
  /** Service time of a request below the knee, ms; 0 if unknown. */
  readonly ms: number
  /** Requests that the peer processes at once; 0 if unknown. */
  readonly knee: number
  /** As `slotsInUse`. */
  readonly inHand: number
}

export interface Announcement {
  /** Identity among the peers, 1..63 printable ASCII bytes without space. Default `host:port`. */
  readonly name: string
  readonly scheme: 'http' | 'https'
  /** Where requests can be handed over: an IP address without brackets, or a DNS name. */
  readonly host: string
  /** 1..65535 */
  readonly port: number
  /** Identifies a run of the peer: wall time of its start, ms. */
  readonly startedAt: number
  /** Number of the announcement in its run, from 1. */
  readonly sequence: number
  /** Wall time of sending, ms. */
  readonly time: number
  /** The last announcement: the peer accepts no more requests. */
  readonly leaving: boolean
  /** Paths that the peer serves, with all below; when empty, all paths. */
  readonly contexts: readonly string[]
  /** Where the peer answers how much room it has (ask.ts), an IP address and a UDP port; `undefined`: nowhere. */
  readonly ask?: HostPort | undefined
  /** Longest time between two announcements, ms; 100..60 000. Default 1000. */
  readonly periodMs?: number
  /** Highest recent loss of another peer's announcements here, 0..1. Default 0. */
  readonly loss?: number
  readonly resources: Resources
}
