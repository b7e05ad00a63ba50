// Nodes as the API shows them: the report that the status has, with rates and times, and all about one node.

import type { Node } from '../../cluster/node.ts'
import type { NodeFailure } from '../../cluster/recent-failures.ts'
import { statusClasses } from '../../cluster/times.ts'
import type { Trend } from '../../cluster/trend.ts'
import type { MetricValue } from '../../wire/mcmp/load-metrics.ts'
import type { ControlSettings } from '../options.ts'
import { type NodeReport, nodeReport } from '../status-report.ts'
import type { Trends } from '../trends.ts'

export interface NodeView extends NodeReport, Trend {}

interface NodeDetail extends NodeView {
  /** What it said when it registered; times in ms. */
  readonly settings: Pick<
    Node,
    'reversed' | 'flushPackets' | 'flushWaitMs' | 'pingMs' | 'smax' | 'ttlMs' | 'timeoutMs'
  >
  /** Address that it registered from; `null` for nodes of the configuration. */
  readonly from: string | null
  /** The values behind its load factor, as its last STATUS told them; none from other nodes than agents of Topspin. */
  readonly loadMetrics: readonly MetricValue[]
  /** Its responses since it registered, by class of their status. */
  readonly responses: Readonly<Record<string, number>>
  /** The oldest first. */
  readonly recentFailures: readonly (Omit<NodeFailure, 'at'> & { readonly at: string })[]
}

/** The registered nodes, in table order; each is made when it is read. */
export function* nodeViews(settings: ControlSettings, trends: Trends): Generator<NodeView> {
  const { registry, live, clock } = settings
  const { snapshot } = registry
  const now = clock.now()
  for (const node of snapshot.nodes.values())
    if (node.removal === 'none')
      yield { ...nodeReport(node, snapshot, live, now), ...trends.node(node.id) }
}

/** `undefined` when no node with this route is registered. */
export function nodeDetail(
  { registry, live, clock }: ControlSettings,
  trends: Trends,
  route: string,
): NodeDetail | undefined {
  const { snapshot } = registry
  const node = snapshot.nodes.withRoute(route)
  if (node === undefined || node.removal !== 'none') return undefined
  const { times, recentFailures, loadMetrics } = live.of(node.id)
  const { reversed, flushPackets, flushWaitMs, pingMs, smax, ttlMs, timeoutMs } = node
  return {
    ...nodeReport(node, snapshot, live, clock.now()),
    ...trends.node(node.id),
    settings: { reversed, flushPackets, flushWaitMs, pingMs, smax, ttlMs, timeoutMs },
    from: node.from ?? null,
    loadMetrics,
    responses: Object.fromEntries(
      statusClasses.map((name, at) => [name, times?.values[at] ?? 0] as const).slice(1),
    ),
    recentFailures: (recentFailures?.all ?? []).map(({ at, ...failure }) => ({
      at: new Date(at).toISOString(),
      ...failure,
    })),
  }
}
