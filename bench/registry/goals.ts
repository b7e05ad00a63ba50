// The figures of one size beside their goals.

export interface Measured {
  readonly nodes: number
  readonly registerMs: number
  /** Processor time meanwhile, by who used it, s. */
  readonly cpu: Readonly<Record<string, number>>
  /** Of the traffic beside the registration, ms. */
  readonly p99: number
  /** Requests of that traffic. */
  readonly failed: number
  /** Processor time of the primary for a STATUS, microseconds. */
  readonly statusUs: number
  /** Processor time of a worker for one changed context, microseconds. */
  readonly changeUs: number
  /** All processes, bytes; pages that they share count once. */
  readonly memory: number
  /** What the state file adds to a start. */
  readonly replayMs: number
}

const goals: readonly [name: string, of: (measured: Measured) => number, most: number][] = [
  ['s to register', ({ registerMs }) => registerMs / 1_000, 10],
  ['ms p99 of the traffic meanwhile', ({ p99 }) => p99, 20],
  ['requests failed', ({ failed }) => failed, 0],
  ['microseconds of the primary for a STATUS', ({ statusUs }) => statusUs, 60],
  ['microseconds of a worker for a changed context', ({ changeUs }) => changeUs, 1_000],
  ['MB of memory', ({ memory }) => memory / 1e6, 400],
  ['s that the state file adds to a start', ({ replayMs }) => replayMs / 1_000, 1],
]

export function verdicts(measured: Measured): { text: string; reached: boolean }[] {
  return goals.map(([name, of, most]) => {
    const value = of(measured)
    const reached = value <= most
    const shown = value < 10 ? value.toFixed(2) : value.toFixed(0)
    return { text: `${shown} ${name} (goal ${most})${reached ? '' : '  MISSED'}`, reached }
  })
}
