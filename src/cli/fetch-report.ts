// Asks a running proxy how its cluster is: GET /api/status on its control listener.

import { get } from 'node:http'
import type { StatusReport } from '../control/status-report.ts'

/** A control listener that takes longer is taken for dead, ms. */
const answerWithinMs = 5_000

/** Far above the report of a full table, bytes. */
const reportBytesMax = 64 * 1_048_576

export type FetchedReport =
  | { readonly ok: true; readonly report: StatusReport; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** `control`: host and port of the control listener. */
export function fetchReport(control: string): Promise<FetchedReport> {
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ ok: false, message })
    const url = `http://${control}/api/status`
    const request = get(
      url,
      { signal: AbortSignal.timeout(answerWithinMs), agent: false },
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
          resolve(parse(text))
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) =>
      fail(`no proxy answers at ${control} (${error.code ?? error.message})`),
    )
  })
}

function parse(text: string): FetchedReport {
  try {
    return { ok: true, report: JSON.parse(text) as StatusReport, text }
  } catch {
    return { ok: false, message: 'what answered is no JSON' }
  }
}
