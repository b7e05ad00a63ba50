// Asks a running proxy how its cluster is: GET /api/status on its control listener.

import type { StatusReport } from '../control/status-report.ts'
import { fetchPage } from './fetch-page.ts'

export type FetchedReport =
  | { readonly ok: true; readonly report: StatusReport; readonly text: string }
  | { readonly ok: false; readonly message: string }

const path = '/api/status'

/** `control`: host and port of the control listener, `https://` before it where it speaks TLS. `secret`: what it asks for, if it does. */
export async function fetchReport(
  control: string,
  secret: string | undefined = undefined,
): Promise<FetchedReport> {
  const page = await fetchPage(control, path, secret)
  if (!page.ok) return page
  const report = parse(page.text)
  if (report !== undefined) return { ok: true, report, text: page.text }
  const url = control.startsWith('https://') ? control : `http://${control}`
  const message = `${url}${path} answered something else than a report: not a control listener?`
  return { ok: false, message }
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
