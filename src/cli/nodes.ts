// `topspin nodes`: every node of a running proxy with all its contexts, as a table or as JSON.

import { hostPortText } from '../base/host-port.ts'
import { nodeState } from '../control/node-state.ts'
import type { NodeReport } from '../control/status-report.ts'
import type { RemoteOptions } from './program.ts'
import { withRemote } from './remote.ts'
import { alignTable } from './table.ts'

export const showNodes = (options: RemoteOptions): Promise<number> =>
  withRemote(options, async (remote) => {
    const { nodes } = (await remote.report()).report
    process.stdout.write(options.json ? `${JSON.stringify(nodes)}\n` : nodesTable(nodes))
  })

/** One line for each context; what is said of its node stands in the first of them. */
function nodesTable(nodes: readonly NodeReport[]): string {
  if (nodes.length === 0) return 'No nodes are registered.\n'
  const titles = ['NODE', 'ADDRESS', 'STATE', 'CONTEXT', 'STATUS', 'ALIASES']
  const rows = nodes.flatMap((node) => {
    const contexts = contextRows(node)
    const about = [node.route, `${node.type}://${hostPortText(node)}`, nodeState(node)]
    const blank = about.map(() => '')
    if (contexts.length === 0) return [about]
    return contexts.map((context, index) => [...(index === 0 ? about : blank), ...context])
  })
  return `${alignTable(
    titles.map((title) => ({ title })),
    rows,
  ).join('\n')}\n`
}

/** Path, status and the aliases that have it. */
function contextRows(node: NodeReport): string[][] {
  const aliases = new Map<string, string[]>()
  for (const { path, status, alias } of node.contexts) {
    const key = `${path} ${status}`
    aliases.set(key, [...(aliases.get(key) ?? []), alias])
  }
  return [...aliases].sort().map(([key, names]) => [...key.split(' '), names.join(', ')])
}
