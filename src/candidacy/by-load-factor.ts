// `byLoadFactor`: mod_cluster's proportional rule (mcmp.md 3.3). The node with the smallest score gets the request, where
// score = requests since the last recalculation x 1000 / load factor + carry of earlier windows. Standbys (load factor 0,
// no report yet, or silent) are used only when there is no other node.

import type { NodeLive } from '../cluster/live.ts'
import { isActive } from './active.ts'
import type { Candidacy, Candidate, Kind } from './candidacy.ts'
import { draw } from './draw.ts'
import { NodeState } from './node-state.ts'

/** Time between two calls of `recalculate`, ms: LBstatusRecalTime of mod_proxy_cluster (mcmp.md 3.3). */
export const byLoadFactorWindowMs = 5_000

/** A node's share of the requests, as this process counts it. */
interface Share {
  /** `live.elected` when the window began. */
  electedBefore: number
  /** Share of the windows before in the score; httpd's `lbstatus`. */
  carried: number
  /** `live.epoch` when the score was aligned with the others'; -1: it has to be aligned before it counts. */
  epoch: number
}

const shares = new NodeState<Share>(() => ({ electedBefore: 0, carried: 0, epoch: -1 }))

const nobody: readonly Candidate[] = []

/** Best of so many drawn at random: each node still gets its share within 1 %. */
const drawn = 16

export const byLoadFactor: Kind = {
  name: 'byLoadFactor',
  aliases: [],
  form: '',
  read(argument) {
    if (argument !== '') return 'it takes no argument'
    return ({ random }) => ({
      apply: leastScore,
      chooseDrawn(candidates, exchange, clock, admits) {
        const some = draw(candidates, drawn, (each) => admits(each, exchange), random)
        return some && leastScore(some, exchange, clock)[0]
      },
    })
  },
}

const leastScore: Candidacy = (candidates) => {
  let best: Candidate | undefined
  let bestScore = Number.POSITIVE_INFINITY
  let standby: Candidate | undefined
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i] as Candidate
    const { live } = candidate
    const share = shares.of(live)
    if (!isActive(live)) {
      share.epoch = -1
      standby ??= candidate
      continue
    }
    if (share.epoch !== live.epoch) align(candidates, live, share)
    const score = scoreOf(live, share)
    if (score < bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return (best ?? standby)?.alone ?? nobody
}

/** At least 1: a node at -1 is a candidate for its own sessions only, and counts as the most loaded one. */
const factorOf = (live: NodeLive): number => Math.max(1, (live.loadFactor ?? 1) * live.wish.scale)

const windowShare = (live: NodeLive, share: Share): number =>
  Math.floor(((live.elected - share.electedBefore) * 1000) / factorOf(live))

const scoreOf = (live: NodeLive, share: Share): number => windowShare(live, share) + share.carried

/**
 * A node that joins or returns starts with the smallest score of the others: it gets its share from now on, and no
 * burst for the time that it was away (mcmp.md decision 55).
 */
function align(candidates: readonly Candidate[], newcomer: NodeLive, share: Share): void {
  let least = Number.POSITIVE_INFINITY
  for (const { live } of candidates) {
    if (live === newcomer || !isActive(live)) continue
    const other = shares.of(live)
    if (other.epoch === live.epoch) least = Math.min(least, scoreOf(live, other))
  }
  share.epoch = newcomer.epoch
  share.electedBefore = newcomer.elected
  share.carried = Number.isFinite(least) ? least : 0
}

/**
 * Ends a window for the nodes of one balancer; called by the proxy every `byLoadFactorWindowMs`. A node carries over by
 * how much its score exceeds the smallest one, at most its share of this window, so that the order of the nodes stays.
 */
export function recalculate(nodes: readonly NodeLive[]): void {
  const aligned = nodes
    .map((live) => ({ live, share: shares.of(live) }))
    .filter(({ live, share }) => isActive(live) && share.epoch === live.epoch)
  let least = Number.POSITIVE_INFINITY
  for (const { live, share } of aligned) least = Math.min(least, scoreOf(live, share))
  for (const { live, share } of aligned) {
    share.carried = Math.min(windowShare(live, share), scoreOf(live, share) - least)
    share.electedBefore = live.elected
  }
}
