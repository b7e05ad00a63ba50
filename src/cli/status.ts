// `topspin status`: the nodes of a running proxy as a table, or its report as it came.

import type { StatusReport } from '../control/status-report.ts'
import { exitCodes } from './exit-codes.ts'
import { fetchReport } from './fetch-report.ts'
import type { StatusOptions } from './program.ts'
import { statusTable } from './status-table.ts'

export async function showStatus(options: StatusOptions): Promise<number> {
  const fetched = await fetchReport(options.control)
  if (!fetched.ok) {
    process.stderr.write(`topspin: ${fetched.message}\n`)
    return exitCodes.failure
  }
  const report: StatusReport = fetched.report
  process.stdout.write(options.json ? `${fetched.text.trimEnd()}\n` : statusTable(report))
  return exitCodes.ok
}
