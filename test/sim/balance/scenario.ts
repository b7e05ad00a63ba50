// What a simulation of proxies in front of servers is given.

export interface ServerGiven {
  /** Requests that it works on at once. Default 4. */
  readonly workers?: number
  /** Default 1; at 0.5 everything takes twice as long. */
  readonly speed?: number
  /** Requests wait for a free worker, as in a pool or an event loop; else all share the workers, as processes do. */
  readonly queues?: boolean
}

export interface RequestClass {
  /** Share of the requests. */
  readonly share: number
  /** Mean work, ms at speed 1. */
  readonly workMs: number
  readonly work?: Distribution
  /** It takes its time and no worker, as a long poll does. */
  readonly idle?: boolean
  /** It is upgraded at once, as a WebSocket is. */
  readonly upgraded?: boolean
}

type Distribution = 'exponential' | 'lognormal' | 'bimodal'

/** Something that happens to one server at a moment. */
export interface Incident {
  readonly at: number
  readonly server: number
  /** Share of the requests that are answered with an error at once. */
  readonly fails?: number
  /** Factor on the speed of a server that has just started. */
  readonly cold?: number
  /** Stands still, or works on. */
  readonly stopped?: boolean
  /** Its requests fail, and it is gone. */
  readonly dies?: true
  /** Leaves the cluster with the requests that it has, or joins it anew. */
  readonly joins?: boolean
}

export interface Scenario {
  readonly name: string
  readonly proxies: number
  readonly servers: number
  readonly server: (index: number) => ServerGiven
  /** Mean work of a request, ms at speed 1. */
  readonly workMs: number
  /** Default: all of one class, exponential. */
  readonly classes?: readonly RequestClass[]
  /** Arrivals, as a share of what all servers can do. */
  readonly load: number
  /** By what the load is multiplied, at a share 0..1 of the time. */
  readonly surge?: (time: number) => number
  readonly requests: number
  /** Share of the requests that come before anything is measured. Default 0.25. */
  readonly warmUp?: number
  /** Other work takes away from each server up to four fifths, for seconds. */
  readonly disturbed?: true
  /** Each server stands still from time to time. */
  readonly pauses?: { readonly everyMs: number; readonly minMs: number; readonly maxMs: number }
  /** Share of the requests that belong to one of so many sessions. */
  readonly sessions?: { readonly share: number; readonly count: number }
  /** @param durationMs about how long the simulation takes. */
  readonly incidents?: (durationMs: number) => readonly Incident[]
  /** What a server reports every ten seconds. Default: nothing. */
  readonly loadFactor?: (server: number, busyShare: number) => number
}
