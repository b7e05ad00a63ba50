// `topspin status` and `topspin nodes`: the report of a running proxy as tables, or as JSON.

import { type RemoteFlags, withRemote } from './remote.ts'
import { contextsTable, statusTable } from './status-table.ts'

export const showStatus = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { report, text } = await remote.report()
    const table = (): string => statusTable(report, process.stdout.columns)
    process.stdout.write(flags.json ? `${text.trimEnd()}\n` : table())
  })

export const showNodes = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { nodes } = (await remote.report()).report
    process.stdout.write(flags.json ? `${JSON.stringify(nodes)}\n` : contextsTable(nodes))
  })
