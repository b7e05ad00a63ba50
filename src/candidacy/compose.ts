// A cascade: candidacy functions in a row, each applied to the result of the one before. The same loop serves requests and,
// with a recorder, explanations.

import type { Clock } from '../base/clock.ts'
import type { Candidate, ExchangeView, Preview, Step } from './candidacy.ts'
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
  readonly #onFailure: OnFailure

  constructor(steps: readonly Step[], onFailure: OnFailure) {
    this.steps = steps
    this.isOff = steps.some((step) => step.isOff)
    this.location = steps.findLast((step) => step.location !== undefined)?.location
    this.readsRequest = steps.some((step) => step.readsRequest)
    this.readsLatency = steps.some((step) => step.readsLatency)
    this.#onFailure = onFailure
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
