// The figures of one server process at one moment, and their sum over the processes that share a port. Plain data.

export interface ServerFigures {
  readonly processes: number
  /** Requests in flight, long ones included. */
  readonly inFlight: number
  /** Requests in hand, without long ones. */
  readonly inHand: number
  /** Requests that are processed concurrently. */
  readonly knee: number
  /** Responses and errors a second. */
  readonly rps: number
  readonly eps: number
  /** Busy share of the capacity. Of several processes: the sum. */
  readonly utilization: number
}

export const noFigures: ServerFigures = {
  processes: 0,
  inFlight: 0,
  inHand: 0,
  knee: 0,
  rps: 0,
  eps: 0,
  utilization: 0,
}

export function sumOf(all: Iterable<ServerFigures>): ServerFigures {
  const sum: Record<keyof ServerFigures, number> = { ...noFigures }
  for (const figures of all)
    for (const name of Object.keys(sum) as (keyof ServerFigures)[]) sum[name] += figures[name]
  return sum
}
