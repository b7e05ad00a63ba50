// The rows of the overview: balancers, their domains and their nodes in one list, filtered and sorted.

import { type ClusterView, compareNames, type NodeView } from './cluster-view.ts'
import { numberText } from './format.ts'
import { nodeState } from './node-state.ts'

export type Row =
  | { readonly kind: 'group'; readonly key: string; readonly group: Group }
  | { readonly kind: 'node'; readonly key: string; readonly view: NodeView }

/** A balancer, or a domain in it. */
export interface Group {
  readonly balancer: string
  /** `undefined`: the balancer itself. */
  readonly domain: string | undefined
  readonly nodes: number
  readonly up: number
  readonly inFlight: number
  readonly requestRate: number
  /** Requests at work, and how many the nodes that are up can work on at once without delay, as the proxy has learnt. */
  readonly inHand: number
  readonly room: number
}

/** `room for about 9 at a time, 3 in hand`: the headroom that is left; '' where no node is up. */
export const roomText = ({ inHand, room }: Pick<Group, 'inHand' | 'room'>): string =>
  room === 0 ? '' : `room for about ${numberText(room)} at a time, ${numberText(inHand)} in hand`

const sortKeys = ['node', 'state', 'load', 'inFlight', 'requests', 'latency', 'errors'] as const
export type SortKey = (typeof sortKeys)[number]

export interface Selection {
  /** Words that all have to occur. */
  readonly filter: string
  readonly sort: SortKey
  readonly isReversed: boolean
}

export function rowsOf({ nodes }: ClusterView, selection: Selection): readonly Row[] {
  const words = selection.filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const chosen = words.length === 0 ? nodes : nodes.filter((view) => matches(view, words))
  const balancers = grouped(chosen, ({ fields }) => fields.balancer)
  return balancers.flatMap(([balancer, members]) => {
    const domains = grouped(members, ({ fields }) => fields.domain)
    const hasDomains = domains.length > 1 || domains[0]?.[0] !== ''
    const inside = hasDomains
      ? domains.flatMap(([domain, some]) => [
          groupRow(balancer, domain, some),
          ...nodeRows(some, selection),
        ])
      : nodeRows(members, selection)
    return [groupRow(balancer, undefined, members), ...inside]
  })
}

function matches({ fields }: NodeView, words: readonly string[]): boolean {
  const { route, balancer, domain, host, port, contexts } = fields
  const paths = contexts.map(({ path, alias }) => `${path} ${alias}`).join(' ')
  const { word } = nodeState(fields)
  const text = `${route} ${balancer} ${domain} ${host}:${port} ${word} ${paths}`.toLowerCase()
  return words.every((each) => text.includes(each))
}

function grouped(
  views: readonly NodeView[],
  keyOf: (view: NodeView) => string,
): readonly (readonly [string, readonly NodeView[]])[] {
  const groups = new Map<string, NodeView[]>()
  for (const view of views) {
    const key = keyOf(view)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [view])
    else group.push(view)
  }
  return [...groups].sort(([a], [b]) => compareNames(a, b))
}

function groupRow(balancer: string, domain: string | undefined, views: readonly NodeView[]): Row {
  let [up, inFlight, requestRate, inHand, room] = [0, 0, 0, 0, 0]
  for (const view of views) {
    inHand += view.fields.room.inHand
    if (nodeState(view.fields).tone === 'good') {
      up++
      room += view.fields.room.knee
    }
    inFlight += view.fields.inFlight
    requestRate += view.fields.perSecond
  }
  const group = { balancer, domain, nodes: views.length, up, inFlight, requestRate, inHand, room }
  return { kind: 'group', key: `group ${balancer} ${domain ?? ''} ${domain === undefined}`, group }
}

function nodeRows(views: readonly NodeView[], { sort, isReversed }: Selection): readonly Row[] {
  const figure = figures[sort]
  const sorted =
    figure === undefined ? [...views] : [...views].sort((a, b) => figure(b) - figure(a))
  if (isReversed) sorted.reverse()
  return sorted.map((view) => ({ kind: 'node', key: view.fields.route, view }))
}

const tones = { bad: 3, wait: 2, off: 1, good: 0 } as const

/** The greatest first. Nodes are in order of their names already. */
const figures: Readonly<Record<SortKey, ((view: NodeView) => number) | undefined>> = {
  node: undefined,
  state: ({ fields }) => tones[nodeState(fields).tone],
  load: ({ fields }) => fields.loadFactor ?? -2,
  inFlight: ({ fields }) => fields.inFlight,
  requests: ({ fields }) => fields.perSecond,
  latency: ({ fields }) => fields.p99Ms ?? -1,
  errors: ({ fields }) => fields.errorsPerSecond,
}
