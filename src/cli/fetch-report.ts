// Asks a running proxy how its cluster is: GET /api/status on its control listener.

import { get } from 'node:http'
import type { StatusReport } from '../control/status-report.ts'
import { writeSecret } from '../wire/authorization.ts'

/** A control listener that takes longer is taken for dead, ms. */
const answerWithinMs = 5_000

/** Far above the report of a full table, bytes. */
const reportBytesMax = 64 * 1_048_576

export type FetchedReport =
  | { readonly ok: true; readonly report: StatusReport; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** `control`: host and port of the control listener. `secret`: what it asks for, if it does. */
export function fetchReport(
  control: string,
  secret: string | undefined = undefined,
): Promise<FetchedReport> {
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const url = `http://${control}/api/status`
    const headers = secret === undefined ? {} : { authorization: writeSecret(secret) }
    const request = get(
      url,
      { signal: AbortSignal.timeout(answerWithinMs), agent: false, headers },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
          if (text.length > reportBytesMax) response.destroy(new Error('the report is too long'))
        })
        response.on('error', (error) => fail(error.message))
        response.on('end', () => {
          if (response.statusCode === 401)
            return fail(`the proxy at ${control} asks for its secret; see --secret-file`)
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
      fail(`no proxy answers at ${control} (${error.code ?? error.message})`),
    )
  })
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
