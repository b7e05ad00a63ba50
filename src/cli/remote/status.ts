// `topspin status` and `topspin nodes`: the report of a running proxy as tables, or as JSON.

import { print, printJson } from '../output.ts'
import { type Remote, type RemoteFlags, withRemote } from './remote.ts'
import { contextsTable, statusTable } from './status-table.ts'

export const showStatus = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    if (flags.json) return writeJson(await apiStatus(remote))
    const { report } = await remote.report()
    print(statusTable(report, process.stdout.columns))
  })

export const showNodes = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    if (flags.json) return writeJson(await remote.get<object>('/nodes'))
    const { nodes } = (await remote.report()).report
    print(contextsTable(nodes, process.stdout.columns))
  })

/** The resources of the API under their names. */
async function apiStatus(remote: Remote): Promise<object> {
  const [proxy, nodes, workers] = await Promise.all([
    remote.get<object>('/proxy'),
    remote.get<object>('/nodes'),
    remote.get<object>('/workers'),
  ])
  return { proxy, ...nodes, ...workers }
}

const writeJson = (value: object): void => printJson(value)
