// Running totals as rates per second: requests, bytes received and bytes sent.

import type { CapacityOptions, LoadMetric, LoadRound } from '../load-metric.ts'

/** Responses per second. */
export function requestRate(options: CapacityOptions): LoadMetric {
  return rate('request-rate', options, (round) => round.completed)
}

/** Bytes per second from clients. */
export function receiveRate(options: CapacityOptions): LoadMetric {
  return rate('receive-rate', options, (round) => round.bytesIn)
}

/** Bytes per second to clients. */
export function sendRate(options: CapacityOptions): LoadMetric {
  return rate('send-rate', options, (round) => round.bytesOut)
}

function rate(
  name: string,
  options: CapacityOptions,
  total: (round: LoadRound) => number,
): LoadMetric {
  let last: LoadRound | undefined
  return {
    name,
    weight: options.weight,
    capacity: options.capacity,
    read(round) {
      const before = last
      last = round
      if (before === undefined || round.nowMs <= before.nowMs) return undefined
      return (1000 * (total(round) - total(before))) / (round.nowMs - before.nowMs)
    },
  }
}
