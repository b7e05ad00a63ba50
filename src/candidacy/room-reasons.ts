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
    why: `byRoom chose ${describe(best)}; ${rivalOf(best, next)}${many}`,
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
    ? `byRoom chose ${describe(own)}; it has room, so no peer is asked`
    : `byRoom asks ${asked} of ${others} peers; ${describe(own)}`
  const reasons = seen.map((one) => reasonOf(one, one === own))
  return { left: self.alone, why, reasons }
}

function seenBy(candidates: readonly Candidate[], now: number): Judged[] {
  const weights = candidates.map(({ live }) => live.wish.weight)
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const most = Math.max(...weights)
  return candidates.map((candidate) => {
    const { live } = candidate
    const { wish } = live
    const cap = isCapped(wish, most) ? capWaiting(wish, shares.of(live), wish.weight / sum) : 0
    return { candidate, name: nameOf(candidate), cost: costOf(candidate, now, cap), cap, now, most }
  })
}

/** For example `b: 3 in hand of 4 that it works on at once, 41 ms each, one more costs 53`. */
function describe(seen: Judged): string {
  const { candidate, name, now } = seen
  const trial = candidate.live.room.trial.isDue(now) ? ', due for a trial as a usual node' : ''
  return `${name}${trial}: ${figuresOf(seen)}`
}

function figuresOf({ candidate, cost, now }: Judged): string {
  const { room } = candidate.live
  const hand = `${room.inHand} in hand of ${shown(room.knee)} that it works on at once`
  return `${hand}, ${shown(expectedMs(room, now))} ms each, one more costs ${shown(cost)}`
}

/** @param seen the cheapest first. @param areAll whether a choice compares all candidates. */
function chosenOf(seen: readonly Judged[], areAll: boolean): Judged {
  const best = seen[0] as Judged
  if (!areAll || !canRotate(best.candidate, best.now)) return best
  return seen
    .filter((one) => isAlikeTo(one, best) && canRotate(one.candidate, one.now))
    .reduce((one, other) => (sentAtOf(other) < sentAtOf(one) ? other : one))
}

const isAlikeTo = ({ candidate, cost, most }: Judged, cheapest: Judged): boolean =>
  isAlike(candidate, cost, cheapest.cost, most)

const sentAtOf = ({ candidate }: Judged): number => candidate.live.room.trial.sentAt

function rivalOf(best: Judged, next: Judged): string {
  const { room } = next.candidate.live
  if (canRotate(next.candidate, best.now) && canRotate(best.candidate, best.now)) {
    if (sentAtOf(next) === sentAtOf(best)) {
      if (next.cost === best.cost) return `${next.name} costs the same, chance decides`
    } else if (isAlikeTo(next, best)) {
      return `${next.name} costs about the same and had a request later: ${shown(next.cost)}`
    }
  }
  const ms = shown(expectedMs(room, next.now))
  return `next is ${next.name}, ${room.inHand} of ${shown(room.knee)}, ${ms} ms: ${shown(next.cost)}`
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
  if (errorFactor(room, now) > 2) return `${name}: ${Math.round(100 * errors)} % errors`
  if (cap > 0) {
    return `${name} is at its share (load factor ${shown(wish.weight)} of ${shown(most)})`
  }
  if (!room.trial.isDue(now) && room.inHand === 0 && isSlow(seen)) {
    const seconds = Math.ceil((room.trial.dueAt - now) / 1_000)
    return `${name} is slow and waits for its trial, in ${seconds} s: ${figuresOf(seen)}`
  }
  return describe(seen)
}

/** Whether the node takes more than twice the usual time. */
const isSlow = ({ candidate: { live }, now }: Judged): boolean =>
  live.room.usual.ms > 0 && expectedMs(live.room, now) > 2 * live.room.usual.ms

/** Rounded: whole numbers from ten on, below that two digits. */
const shown = (value: number): string =>
  String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)))
