// `topspin status`: the nodes of a running proxy as a table, or its report as it came.

import type { StatusReport } from '../control/status-report.ts'
import { exitCodes } from './exit-codes.ts'
import { fetchReport } from './fetch-report.ts'
import type { StatusOptions } from './program.ts'
import { shownSecret } from './secret.ts'
import { statusTable } from './status-table.ts'

export async function showStatus(options: StatusOptions): Promise<number> {
  const shown = shownSecret(options.secretFile)
  if (!shown.ok) {
    process.stderr.write(`topspin: ${shown.problem}\n`)
    return exitCodes.usage
  }
  const fetched = await fetchReport(options.control, shown.secret)
  if (!fetched.ok) {
    process.stderr.write(`topspin: ${fetched.message}\n`)
    return exitCodes.failure
  }
  const report: StatusReport = fetched.report
  process.stdout.write(options.json ? `${fetched.text.trimEnd()}\n` : statusTable(report))
  return exitCodes.ok
}
