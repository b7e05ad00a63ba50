// A peer's announcement: what a web server tells its peers about itself, once a second, in one datagram.

/** What a peer has and how much of it is free. Numbers are finite and not negative. */
export interface Resources {
  /** Work per second that the peer does when it is idle, measured from its service times; 1 when not known yet. */
  readonly speed: number
  /** Processors granted. */
  readonly cores: number
  /** Load average of the last minute (or what stands in for it), not divided by `cores`. */
  readonly load: number
  /** Highest load seen since start, rounded up to a power of two; at least 1. */
  readonly loadHigh: number
  /** Share of processor time that was idle since the last announcement, 0..1. */
  readonly cpuIdle: number
  /** Bytes; what the container grants, where there is one. */
  readonly memoryTotal: number
  /** Bytes. */
  readonly memoryAvailable: number
  /** How late timers fire, ms, as of the last second. */
  readonly eventLoopDelayMs: number
  /** Requests in flight. */
  readonly slotsInUse: number
  /** Requests that can be taken beside those in flight. */
  readonly slotsFree: number
  /** Requests served since start. */
  readonly served: number
  /** Typical (median-like moving average) time to serve a request, ms; 0 when none was served. */
  readonly serviceTimeMs: number
}

export interface Announcement {
  /** Identity among the peers, 1..63 printable ASCII bytes without space; `host:port` unless told otherwise. */
  readonly name: string
  readonly scheme: 'http' | 'https'
  /** Where requests can be handed over: an address or a DNS name. */
  readonly host: string
  /** 1..65535 */
  readonly port: number
  /** Tells one run of a peer from the next: wall time of its start, ms. */
  readonly startedAt: number
  /** Counts the announcements of a run, from 1. */
  readonly sequence: number
  /** Wall time of sending, ms. */
  readonly time: number
  /** The last one: the peer takes no more. */
  readonly leaving: boolean
  /** Paths that the peer serves; empty: all. */
  readonly contexts: readonly string[]
  /** At least one announcement comes in each of these, ms; 100..60 000. Default 1000. */
  readonly periodMs?: number
  /** Share of the others' announcements that did not arrive here lately, of the worst one, 0..1. Default 0. */
  readonly loss?: number
  readonly resources: Resources
}
