// A cascade: candidacy functions in a row, each applied to the result of the one before. The same loop serves requests and,
// with a recorder, explanations.

import type { Clock } from '../base/clock.ts'
import { placeOf } from '../cluster/candidate.ts'
import type { Admits, Candidate, ExchangeView, Preview, Step } from './candidacy.ts'
import type { LocationFormat } from './location.ts'

/** Receives the result of each function. */
export interface Recorder {
  step(step: Step, before: readonly Candidate[], after: readonly Candidate[]): void
  /** Comes before `step`, for a function that has a preview. */
  previewed(preview: Preview): void
  /** The function threw, or returned something that is no list of candidates; the list stays as it was. */
  failed(step: Step, error: unknown): void
}

/** Called when a function failed; must not throw. @param name of the step, with its argument. */
export type OnFailure = (name: string, error: unknown) => void

export class Cascade {
  readonly steps: readonly Step[]
  /** No balancing: the cascade need not be run. */
  readonly isOff: boolean
  /** Location to which the client is redirected; of several functions that set it the last one applies. */
  readonly location: LocationFormat | undefined
  /** `exchange.request` must be set. */
  readonly readsRequest: boolean
  /** `live.latency` must be measured. */
  readonly readsLatency: boolean
  /** Of all filters; `undefined` when a function has to see all candidates. */
  readonly #admits: Admits | undefined
  readonly #onFailure: OnFailure

  constructor(steps: readonly Step[], onFailure: OnFailure) {
    this.steps = steps
    this.isOff = steps.some((step) => step.isOff)
    this.location = steps.findLast((step) => step.location !== undefined)?.location
    this.readsRequest = steps.some((step) => step.readsRequest)
    this.readsLatency = steps.some((step) => step.readsLatency)
    this.#admits = admitsOf(steps)
    this.#onFailure = onFailure
  }

  /**
   * The best candidate. Of many, functions that can compare only a few that are drawn at random.
   * @param candidates in table order.
   */
  choose(
    candidates: readonly Candidate[],
    exchange: ExchangeView,
    clock: Clock,
  ): Candidate | undefined {
    const few =
      candidates.length > allMax && this.#admits !== undefined
        ? this.#chooseAmongMany(candidates, exchange, clock, this.#admits)
        : undefined
    return few ?? this.run(candidates, exchange, clock)[0]
  }

  /** @returns `undefined` when all candidates have to be compared. */
  #chooseAmongMany(
    candidates: readonly Candidate[],
    exchange: ExchangeView,
    clock: Clock,
    admits: Admits,
  ): Candidate | undefined {
    if (exchange.route === undefined) {
      const step = this.steps.at(-1)
      try {
        return step?.chooseDrawn?.(candidates, exchange, clock, admits)
      } catch (error) {
        this.#onFailure(step?.name ?? '', error)
        return undefined
      }
    }
    // A session stays at its node, which is compared with a few others: it may have stalled.
    const from = placeOf(candidates, exchange.slot ?? -1)
    const [own] = this.run(candidates.slice(from, from + besideSession), exchange, clock)
    return own?.node.route === exchange.route ? own : undefined
  }

  /** @returns the candidates that are left, best first. */
  run(
    candidates: readonly Candidate[],
    exchange: ExchangeView,
    clock: Clock,
    recorder?: Recorder,
  ): readonly Candidate[] {
    const { steps } = this
    let list = candidates
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as Step
      const before = list
      // An explanation must not change the inputs of later choices.
      if (recorder === undefined || !step.annotates) {
        try {
          list =
            recorder === undefined
              ? step.apply(before, exchange, clock)
              : explained(step, before, exchange, clock, recorder)
        } catch (error) {
          if (recorder === undefined) this.#onFailure(step.name, error)
          else recorder.failed(step, error)
        }
      }
      if (recorder !== undefined) recorder.step(step, before, list)
    }
    return list
  }
}

/** Up to this number all candidates are compared. */
const allMax = 32
/** Candidates with that of a session. */
const besideSession = 8

function admitsOf(steps: readonly Step[]): Admits | undefined {
  const filters = steps.slice(0, -1)
  const canDraw = filters.every(({ admits }) => admits) && steps.at(-1)?.chooseDrawn !== undefined
  if (!canDraw) return undefined
  const all = filters.flatMap(({ admits }) => admits ?? [])
  return (candidate, exchange) => {
    for (let at = 0; at < all.length; at++)
      if (!(all[at] as Admits)(candidate, exchange)) return false
    return true
  }
}

function explained(
  step: Step,
  list: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
  recorder: Recorder,
): readonly Candidate[] {
  const preview = step.preview?.(list, exchange, clock)
  if (preview === undefined) return step.apply(list, exchange, clock)
  recorder.previewed(preview)
  return preview.left
}
