// `topspin status`: the nodes of a running proxy as a table, or its report as it came.

import type { RemoteOptions } from './program.ts'
import { withRemote } from './remote.ts'
import { statusTable } from './status-table.ts'

export const showStatus = (options: RemoteOptions): Promise<number> =>
  withRemote(options, async (remote) => {
    const { report, text } = await remote.report()
    process.stdout.write(options.json ? `${text.trimEnd()}\n` : statusTable(report))
  })
