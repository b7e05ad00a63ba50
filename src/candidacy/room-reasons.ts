// Explains a choice of `byRoom`: its figures, and one sentence for each candidate. Later choices are not affected.

import { askLimits } from '../base/limits.ts'
import type { Candidate, CandidateReason, Preview } from './candidacy.ts'
import { nameOf } from './figures.ts'
import { errorFactor, expectedMs } from './room-cost.ts'
import { costOf } from './room-cost-of.ts'
import { hasRoom } from './room-report.ts'
import { canRotate, isAlike } from './room-rotation.ts'
import { shares } from './share.ts'
import { capWaiting, isCapped } from './share-cap.ts'

/** A candidate with its cost. */
interface Judged {
  readonly candidate: Candidate
  readonly name: string
  readonly cost: number
  /** Additional waiting of a node that has had its share, otherwise 0. */
  readonly cap: number
  readonly now: number
  /** The highest load factor among the candidates. */
  readonly most: number
  /** None of the candidates has a request in hand. */
  readonly areIdle: boolean
}

/** @param compared the greatest number of candidates that a choice compares. */
export function previewOf(
  candidates: readonly Candidate[],
  compared: number,
  now: number,
): Preview {
  const [only] = candidates
  if (only === undefined || candidates.length === 1) {
    const why =
      only === undefined ? 'there were no candidates' : `${nameOf(only)} is the only candidate`
    return { left: candidates, why, reasons: [] }
  }
  const seen = seenBy(candidates, now).sort((a, b) => a.cost - b.cost)
  const best = chosenOf(seen, candidates.length <= compared)
  const next = seen.find((one) => one !== best) as Judged
  const many =
    candidates.length > compared ? `; a choice compares ${compared} of ${candidates.length}` : ''
  return {
    left: best.candidate.alone,
    why: `byRoom chose ${best.name}${trialOf(best)}: one more request adds the least time there, ${addedBy(best)}; ${rivalOf(best, next)}${many}`,
    reasons: seen.map((one) => reasonOf(one, one === best)),
  }
}

/**
 * The same for a server whose peers can be asked. Who would be asked, and what they answer, only a request shows: the
 * status page has those of the last one.
 */
export function askingPreviewOf(
  candidates: readonly Candidate[],
  self: Candidate,
  usualMs: number,
  now: number,
): Preview {
  const seen = seenBy(candidates, now)
  const own = seen.find(({ candidate }) => candidate === self) as Judged
  const others = candidates.length - 1
  const asked = Math.min(askLimits.peersMax, others)
  const why = hasRoom(self.live.room, usualMs, now)
    ? `byRoom chose this server, which has room, so no peer is asked; one more request adds ${addedBy(own)}`
    : `byRoom asks ${asked} of ${others} peers how much room they have; here one more request adds ${addedBy(own)}`
  const reasons = seen.map((one) => reasonOf(one, one === own))
  return { left: self.alone, why, reasons }
}

function seenBy(candidates: readonly Candidate[], now: number): Judged[] {
  const weights = candidates.map(({ live }) => live.wish.weight)
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const most = weights.reduce((highest, weight) => Math.max(highest, weight), 0)
  const areIdle = candidates.every(({ live }) => live.room.inHand === 0)
  return candidates.map((candidate) => {
    const { live } = candidate
    const { wish } = live
    const cap = isCapped(wish, most) ? capWaiting(wish, shares.of(live), wish.weight / sum) : 0
    const cost = costOf(candidate, now, cap)
    return { candidate, name: nameOf(candidate), cost, cap, now, most, areIdle }
  })
}

/** For example `b: one more request adds 53 ms (3 requests in hand, room for 4, usually 41 ms each)`. */
const describe = (seen: Judged): string =>
  `${seen.name}${trialOf(seen)}: one more request adds ${addedBy(seen)}`

const trialOf = ({ candidate, now }: Judged): string =>
  candidate.live.room.trial.isDue(now) ? ', due for a trial as a usual node' : ''

/** What one more request adds is its own time and the waiting of all others. */
function addedBy({ candidate, cost, now }: Judged): string {
  const { room } = candidate.live
  const hand = `${room.inHand} ${room.inHand === 1 ? 'request' : 'requests'} in hand`
  const each = `usually ${shown(expectedMs(room, now))} ms each`
  return `${shown(cost)} ms (${hand}, room for ${shown(room.knee)}, ${each})`
}

/** @param seen the cheapest first. @param areAll whether a choice compares all candidates. */
function chosenOf(seen: readonly Judged[], areAll: boolean): Judged {
  const best = seen[0] as Judged
  if (!areAll || !canRotate(best.candidate, best.now)) return best
  return seen
    .filter((one) => isAlikeTo(one, best) && canRotate(one.candidate, one.now))
    .reduce((one, other) => (sentAtOf(other) < sentAtOf(one) ? other : one))
}

const isAlikeTo = ({ candidate, cost, most, areIdle }: Judged, cheapest: Judged): boolean =>
  isAlike(candidate, cost, cheapest.cost, most, areIdle)

const sentAtOf = ({ candidate }: Judged): number => candidate.live.room.trial.sentAt

function rivalOf(best: Judged, next: Judged): string {
  if (canRotate(next.candidate, best.now) && canRotate(best.candidate, best.now)) {
    if (sentAtOf(next) === sentAtOf(best)) {
      if (next.cost === best.cost) return `${next.name} would add the same, chance decides`
    } else if (isAlikeTo(next, best)) {
      return `${next.name} would add about the same (${shown(next.cost)} ms) and had its last request later`
    }
  }
  return `next best is ${next.name}, ${addedBy(next)}`
}

function reasonOf(seen: Judged, isBest: boolean): CandidateReason {
  const { candidate, name, cost, cap, now } = seen
  const { live } = candidate
  const { room, wish } = live
  const figures = new Map([
    ['inHand', room.inHand],
    ['long', room.long],
    ['knee', room.knee],
    ['ms', room.ms(now)],
    ['usual', room.usual.ms],
    ['cost', cost],
    ['errors', room.errors.at(now)],
    ['trialInMs', Math.max(0, room.trial.dueAt - now)],
    ['weight', wish.weight],
    ['credit', shares.of(live).credit],
    ['cap', cap],
  ])
  return { candidate: name, figures, why: isBest ? describe(seen) : whyNot(seen) }
}

/** The main reason against a candidate that was not chosen. */
function whyNot(seen: Judged): string {
  const { candidate, name, cap, now, most } = seen
  const { room, wish } = candidate.live
  const errors = room.errors.at(now)
  if (errorFactor(room, now) > 2)
    return `${name} is avoided: ${Math.round(100 * errors)} % of its responses are errors`
  if (cap > 0) {
    const what = wish.scale < 1 ? 'weight, which an operator has lowered,' : 'load factor'
    return `${name} has had its share (its ${what} is ${shown(wish.weight)}, the highest is ${shown(most)})`
  }
  if (!room.trial.isDue(now) && room.inHand === 0 && isSlow(seen)) {
    const seconds = Math.ceil((room.trial.dueAt - now) / 1_000)
    return `${name} is slow and gets its next trial request in ${seconds} s; one more request adds ${addedBy(seen)}`
  }
  return describe(seen)
}

/** Whether the node takes more than twice the usual time. */
const isSlow = ({ candidate: { live }, now }: Judged): boolean =>
  live.room.usual.ms > 0 && expectedMs(live.room, now) > 2 * live.room.usual.ms

/** Rounded: whole numbers from ten on, below that two digits. */
const shown = (value: number): string =>
  String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)))
