// Candidacy functions in a row: each gets what the one before left.

import type { Clock } from '../base/clock.ts'
import type { Candidacy, Candidate, ExchangeView } from './candidacy.ts'

export interface NamedCandidacy {
  readonly name: string
  readonly apply: Candidacy
}

/**
 * One function out of many. A function that throws leaves the list as it was.
 * @param onThrow told of it each time; must not throw.
 */
export function compose(
  cascade: readonly NamedCandidacy[],
  onThrow: (name: string, error: unknown) => void,
): Candidacy {
  return (candidates, exchange, clock) => {
    let list = candidates
    for (let i = 0; i < cascade.length; i++) {
      const step = cascade[i] as NamedCandidacy
      list = guarded(step, list, exchange, clock, onThrow)
      if (list.length === 0) return list
    }
    return list
  }
}

function guarded(
  step: NamedCandidacy,
  list: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
  onThrow: (name: string, error: unknown) => void,
): readonly Candidate[] {
  try {
    return step.apply(list, exchange, clock)
  } catch (error) {
    onThrow(step.name, error)
    return list
  }
}
