// Reads the pages of the peers when somebody asks, and at most once a second.

import type { Clock } from '../../base/clock.ts'
import { peerPageLimits } from '../../base/limits.ts'
import { readPeerPage } from './peer-page.ts'
import {
  type EarlierReading,
  type PageReading,
  type PeersReport,
  pairOf,
  peersReport,
} from './peers-report.ts'

export class PeersReader {
  readonly #clock: Clock
  #earlier: EarlierReading | undefined
  #last:
    | { readonly at: number; readonly pages: string; readonly report: Promise<PeersReport> }
    | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param pages their URLs. Never rejects. */
  report(pages: readonly string[]): Promise<PeersReport> {
    const now = this.#clock.now()
    const key = pages.join(' ')
    const { at = Number.NEGATIVE_INFINITY, pages: before, report } = this.#last ?? {}
    if (report !== undefined && before === key && now - at < peerPageLimits.everyMs) return report
    const next = this.#read(pages)
    this.#last = { at: now, pages: key, report: next }
    return next
  }

  async #read(pages: readonly string[]): Promise<PeersReport> {
    const readings = await Promise.all(pages.map(readingOf))
    const at = this.#clock.now()
    const report = peersReport(readings, at, this.#earlier)
    const requests = report.sent.map(
      ({ from, to, requests }) => [pairOf(from, to), requests] as const,
    )
    this.#earlier = { at, requests: new Map(requests) }
    return report
  }
}

async function readingOf(page: string): Promise<PageReading> {
  try {
    return { page, peer: await readPeerPage(page) }
  } catch (error) {
    return { page, reason: reasonOf(error) }
  }
}

/** What `fetch` hides in a cause is the reason. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${peerPageLimits.withinMs / 1_000} s`
  if (error instanceof SyntaxError) return 'not the status page of a peer'
  return error.cause instanceof Error ? error.cause.message : error.message
}
