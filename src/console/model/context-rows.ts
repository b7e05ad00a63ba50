// The contexts of all nodes, one row for each path of a balancer: how many nodes serve it, and how its requests go.

import type { ApiApplication, ApiTrend } from './api.ts'
import { type ClusterView, compareNames } from './cluster-view.ts'

export interface ContextRow extends ApiTrend {
  readonly balancer: string
  readonly path: string
  /** Nodes that have it, by status. */
  readonly enabled: readonly string[]
  readonly disabled: readonly string[]
  readonly stopped: readonly string[]
  readonly inFlight: number
}

interface Draft {
  readonly balancer: string
  readonly path: string
  readonly ENABLED: string[]
  readonly DISABLED: string[]
  readonly STOPPED: string[]
  inFlight: number
}

const keyOf = (balancer: string, path: string): string => `${balancer} ${path}`

/** @param filter words that all have to occur. */
export function contextRows(
  { nodes }: ClusterView,
  applications: readonly ApiApplication[],
  filter: string,
): readonly ContextRow[] {
  const trends = new Map(applications.map((each) => [keyOf(each.balancer, each.context), each]))
  const words = filter.toLowerCase().split(/\s+/)
  return [...draftsOf(nodes).values()]
    .filter(({ balancer, path, ENABLED, DISABLED, STOPPED }) => {
      const names = [...ENABLED, ...DISABLED, ...STOPPED].join(' ')
      const text = `${balancer} ${path} ${names}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .map(({ balancer, path, inFlight, ENABLED, DISABLED, STOPPED }) => ({
      balancer,
      path,
      enabled: ENABLED,
      disabled: DISABLED,
      stopped: STOPPED,
      inFlight,
      ...trendOf(trends.get(keyOf(balancer, path))),
    }))
    .sort((a, b) => compareNames(a.balancer, b.balancer) || compareNames(a.path, b.path))
}

function draftsOf(nodes: ClusterView['nodes']): ReadonlyMap<string, Draft> {
  const drafts = new Map<string, Draft>()
  for (const { fields } of nodes) {
    const { route, balancer } = fields
    const seen = new Set<string>()
    for (const { path, status, inFlight } of fields.contexts) {
      // Several aliases of one path count once.
      if (seen.has(path)) continue
      seen.add(path)
      const key = keyOf(balancer, path)
      let draft = drafts.get(key)
      if (draft === undefined) {
        draft = { balancer, path, ENABLED: [], DISABLED: [], STOPPED: [], inFlight: 0 }
        drafts.set(key, draft)
      }
      draft[status].push(route)
      draft.inFlight += inFlight
    }
  }
  return drafts
}

const trendOf = (trend: ApiTrend = none): ApiTrend => ({
  perSecond: trend.perSecond,
  errorsPerSecond: trend.errorsPerSecond,
  p50Ms: trend.p50Ms,
  p99Ms: trend.p99Ms,
})

const none: ApiTrend = { perSecond: 0, errorsPerSecond: 0, p50Ms: null, p99Ms: null }
