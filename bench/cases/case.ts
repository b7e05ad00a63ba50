// One question that the bench asks of every proxy, and the bars that Topspin has to meet.

import type { Figures } from '../support/load.ts'
import type { Target } from '../support/target.ts'

export type Measure = 'cpuMicros' | 'memoryBytes' | 'memoryEachBytes'

/** With `against`: Topspin's figure divided by that of the other, of several by the lowest. Without: Topspin's figure itself. */
export interface Bar {
  readonly level: 'must' | 'goal'
  readonly measure: Measure
  readonly against?: readonly string[]
  readonly atMost: number
}

export interface Case {
  /** Also its name on the command line and of its file of results. */
  readonly name: string
  readonly title: string
  readonly bars: readonly Bar[]
  /** Every proxy writes its access log. */
  readonly accessLog?: true
  /** Topspin with other settings, in the same rounds. */
  readonly variants?: readonly Variant[]
  /** Topspin is compared with its variants alone. */
  readonly isAlone?: true
  /** Every round needs a proxy that has done nothing yet, because memory once taken stays. */
  readonly fresh?: true
  /** For proxies that speak HTTP/2. */
  readonly http2?: true
  readonly warmUp: (target: Target, seconds: number) => Promise<unknown>
  readonly measure: (target: Target, seconds: number) => Promise<Figures>
}

/** Topspin with settings of its own. */
export interface Variant {
  /** In the table: `topspin-no-log`. */
  readonly name: string
  readonly accessLog?: boolean
  /** Share of the requests that are traced, 0..1. */
  readonly traced?: number
  /** A scrape of `/metrics` and the stream of live numbers, as long as it runs. */
  readonly isWatched?: true
}

/** What Topspin without its access log is called in a case with one. */
export const withoutLog = 'topspin-no-log'

/** At most so many times the CPU time for each request of another proxy, or of the best of several. */
export function cpuBar(level: Bar['level'], atMost: number, ...against: readonly string[]): Bar {
  return { level, measure: 'cpuMicros', against, atMost }
}
