// `topspin contexts`: each path with the nodes that serve it, and how much it is asked for.

import { type ContextReport, contextStatusText } from '../../control/status-report.ts'
import type { ApplicationTrend } from '../../control/trends.ts'
import { print, printJson } from '../output.ts'
import { fittedText } from '../table.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

type NodeContext = ContextReport & { readonly node: string }

export const showContexts = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { contexts } = await remote.get<{ readonly contexts: readonly NodeContext[] }>(
      '/contexts',
    )
    if (flags.json) return printJson({ contexts })
    const { applications } = await remote.get<{
      readonly applications: readonly ApplicationTrend[]
    }>('/applications')
    print(contextsText(contexts, applications, process.stdout.columns))
  })

function contextsText(
  contexts: readonly NodeContext[],
  applications: readonly ApplicationTrend[],
  width?: number,
): string {
  if (contexts.length === 0) return 'No contexts are registered.\n'
  const rows = new Map<string, { context: NodeContext; aliases: Set<string> }>()
  for (const context of contexts) {
    const key = `${context.path}\n${context.node}\n${contextStatusText(context)}`
    const row = rows.get(key) ?? { context, aliases: new Set() }
    rows.set(key, row)
    row.aliases.add(context.alias)
  }
  const sorted = [...rows.values()].sort(
    ({ context: a }, { context: b }) =>
      a.path.localeCompare(b.path) || a.node.localeCompare(b.node),
  )
  let last = ''
  const cells = sorted.map(({ context, aliases }) => {
    const isFirst = context.path !== last
    last = context.path
    const trends = applications.filter(({ context: path }) => path === context.path)
    const perSecond = trends.reduce((sum, trend) => sum + trend.perSecond, 0)
    const errors = trends.reduce((sum, trend) => sum + trend.errorsPerSecond, 0)
    const p99 = Math.max(...trends.map(({ p99Ms }) => p99Ms ?? -1))
    return [
      isFirst ? context.path : '',
      isFirst ? perSecond.toFixed(1) : '',
      isFirst ? errors.toFixed(1) : '',
      isFirst ? (p99 < 0 ? '-' : p99.toFixed(1)) : '',
      context.node,
      contextStatusText(context),
      String(context.inFlight),
      [...aliases].join(', '),
    ]
  })
  return fittedText(
    [
      { title: 'CONTEXT' },
      { title: 'REQ/S', align: 'right' },
      { title: 'ERR/S', align: 'right' },
      { title: 'P99 MS', align: 'right', rank: 2 },
      { title: 'NODE' },
      { title: 'STATUS' },
      { title: 'IN FLIGHT', align: 'right', rank: 1 },
      { title: 'ALIASES', rank: 3 },
    ],
    cells,
    width,
  )
}
