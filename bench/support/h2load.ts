// Runs h2load, for requests over HTTP/2, and reads what it found.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, type Program } from './find-program.ts'
import type { Target } from './target.ts'
import { output, type WrkFigures } from './wrk.ts'

export interface Http2Drive {
  readonly path: string
  readonly connections: number
  /** Requests of one connection at a time. */
  readonly streams: number
  readonly secure?: true
  /** Bytes that each request sends. Default: it is a GET. */
  readonly bodyBytes?: number
}

export const h2load: Program | undefined = findProgram('h2load', '--version')

export async function runH2load(
  { http2Port, tlsPort, folder }: Target,
  { path, connections, streams, secure, bodyBytes }: Http2Drive,
  seconds: number,
): Promise<WrkFigures> {
  if (h2load === undefined) throw new Error('needs h2load: apt-get install nghttp2-client')
  const args = [`-c${connections}`, `-m${streams}`, '-t1', '-D', String(seconds)]
  if (bodyBytes !== undefined) {
    const file = join(folder, `body-${bodyBytes}`)
    writeFileSync(file, 'b'.repeat(bodyBytes))
    args.push('-d', file)
  }
  const base = secure === true ? `https://127.0.0.1:${tlsPort}` : `http://127.0.0.1:${http2Port}`
  return readH2load(await output(h2load.path, [...args, `${base}${path}`]))
}

/** @throws Error when there are no figures. */
export function readH2load(text: string): WrkFigures {
  const found = /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(text)
  const rate = /finished in [^,]+, ([\d.]+) req\/s/.exec(text)
  const statuses = /status codes: (\d+) 2xx/.exec(text)
  if (found === null || rate === null || statuses === null)
    throw new Error(`h2load: no figures in its output: ${text.slice(-300)}`)
  const [succeeded = 0, failed = 0, errored = 0, timeout = 0] = found.slice(1).map(Number)
  const requests = Number(statuses[1])
  const errors = []
  if (failed + errored > 0) errors.push(`${failed + errored} requests failed`)
  if (timeout > 0) errors.push(`${timeout} requests without an answer in time`)
  if (requests < succeeded) errors.push(`${succeeded - requests} answers other than 2xx`)
  if (requests === 0) errors.push('no answer at all')
  return {
    requests,
    requestsPerSecond: Number(rate[1]),
    // It shows the mean alone.
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    errors,
  }
}
