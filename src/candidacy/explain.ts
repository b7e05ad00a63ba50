// Explains a choice: runs a cascade with a recorder. Random steps draw anew, so the result can differ from that of a
// real request. Changes nothing that later choices depend on.

import type { Clock } from '../base/clock.ts'
import type { Candidate, CandidateReason, ExchangeView, Preview, Step } from './candidacy.ts'
import type { Cascade, Recorder } from './compose.ts'
import { nameOf } from './figures.ts'

interface ExplainedStep {
  /** The function with its argument. */
  readonly name: string
  /** Names of the candidates, in order. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** The figure that it orders or filters by, for each candidate before; empty when the function has none. */
  readonly figures: ReadonlyMap<string, number>
  /** Error message, when the function failed and left the list unchanged. */
  readonly failure: string | undefined
  /** The figures of each candidate and why it was chosen or not; empty if the function does not report them. */
  readonly reasons: readonly CandidateReason[]
  /** Why the first candidate is the first; `undefined` if the function does not report it. */
  readonly why: string | undefined
}

interface Explanation {
  readonly steps: readonly ExplainedStep[]
  /** Name of the chosen candidate; `undefined` when none is left. */
  readonly winner: string | undefined
  /** One sentence. */
  readonly why: string
}

export function explain(
  cascade: Cascade,
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
): Explanation {
  const notes = new Notes(clock)
  const [winner] = cascade.run(candidates, exchange, clock, notes)
  const name = winner === undefined ? undefined : nameOf(winner)
  return { steps: notes.steps, winner: name, why: reason(notes.steps, name) }
}

class Notes implements Recorder {
  readonly steps: ExplainedStep[] = []
  readonly #clock: Clock
  #failure: string | undefined
  #preview: Preview | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  failed(_step: Step, error: unknown): void {
    this.#failure = error instanceof Error ? error.message : String(error)
  }

  previewed(preview: Preview): void {
    this.#preview = preview
  }

  step({ name, figure }: Step, before: readonly Candidate[], after: readonly Candidate[]): void {
    const figures = new Map<string, number>()
    for (const candidate of figure === undefined ? [] : before) {
      figures.set(nameOf(candidate), figure?.(candidate, this.#clock) ?? 0)
    }
    const failure = this.#failure
    const preview = this.#preview
    this.#failure = undefined
    this.#preview = undefined
    this.steps.push({
      name,
      before: before.map(nameOf),
      after: after.map(nameOf),
      figures,
      failure,
      reasons: preview?.reasons ?? [],
      why: preview?.why,
    })
  }
}

function reason(steps: readonly ExplainedStep[], winner: string | undefined): string {
  if (winner === undefined) {
    const emptied = steps.find(({ before, after }) => before.length > 0 && after.length === 0)
    return emptied === undefined ? 'there were no candidates' : `${emptied.name} left no candidate`
  }
  const decisive = steps.findLast(
    ({ before, after, why }) =>
      after[0] === winner &&
      (before[0] !== winner || (before.length > 1 && (why !== undefined || after.length === 1))),
  )
  if (decisive === undefined) {
    const isAlone = steps.every(({ before }) => before.length < 2)
    return isAlone
      ? `${winner} is the only candidate`
      : `${winner} was first from the beginning and stayed first`
  }
  const { name, before, after, figures, why } = decisive
  if (why !== undefined) return why
  const value = figures.get(winner)
  const figure = value === undefined ? '' : ` at ${Number(value.toFixed(3))}`
  return after.length === 1
    ? `${name} chose ${winner} of ${before.length}${figure}`
    : `${name} put ${winner} first of ${before.length}${figure}`
}
