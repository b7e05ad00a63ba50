// Asks a running proxy how its cluster is: GET /api/status on its control listener.

import { get } from 'node:http'
import { type RequestOptions, get as secureGet } from 'node:https'
import { readTlsFiles } from '../agent/tls-files.ts'
import type { StatusReport } from '../control/status-report.ts'
import { tlsProblem } from '../net/tls-problem.ts'

/** A control listener that takes longer is taken for dead, ms. */
const answerWithinMs = 5_000

/** Far above the report of a full table, bytes. */
const reportBytesMax = 64 * 1_048_576

export type FetchedReport =
  | { readonly ok: true; readonly report: StatusReport; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** `control`: host and port of the control listener, with `https://` in front where it speaks TLS. */
export function fetchReport(control: string): Promise<FetchedReport> {
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const isSecure = control.startsWith('https://')
    const url = isSecure ? `${control}/api/status` : `http://${control}/api/status`
    const tls = isSecure ? tlsOptions() : {}
    if (tls instanceof Error) return fail(tls.message)
    const request = (isSecure ? secureGet : get)(
      url,
      { signal: AbortSignal.timeout(answerWithinMs), agent: false, ...tls },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
          if (text.length > reportBytesMax) response.destroy(new Error('the report is too long'))
        })
        response.on('error', (error) => fail(error.message))
        response.on('end', () => {
          if (response.statusCode !== 200)
            return fail(`${url} answered ${response.statusCode}: not a control listener?`)
          const report = parse(text)
          if (report === undefined)
            return fail(`${url} answered something else than a report: not a control listener?`)
          resolve({ ok: true, report, text })
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) =>
      fail(
        `no proxy answers at ${control} (${tlsProblem(error, 'tls') ?? error.code ?? error.message})`,
      ),
    )
  })
}

/** From the same variables as the agent's: who signed the proxy's certificate, and the one to show to it. */
function tlsOptions(): RequestOptions | Error {
  const { TOPSPIN_CA: ca, TOPSPIN_CERT: cert, TOPSPIN_KEY: key } = process.env
  try {
    const files = Object.entries(readTlsFiles({ ca, cert, key }))
    return Object.fromEntries(files.filter(([, value]) => value !== undefined))
  } catch (error) {
    return error as Error
  }
}

/** Looks no further than tells a proxy from another program. */
function parse(text: string): StatusReport | undefined {
  try {
    const report = JSON.parse(text) as Partial<StatusReport> | null
    const isReport = Array.isArray(report?.nodes) && Array.isArray(report.workers)
    return isReport ? (report as StatusReport) : undefined
  } catch {
    return undefined
  }
}
