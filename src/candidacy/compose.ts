// Candidacy functions in a row: each gets what the one before left. One loop runs a cascade, whether
// somebody records what happens or not.

import type { Clock } from '../base/clock.ts'
import type { Candidate, ExchangeView, Step } from './candidacy.ts'
import type { LocationFormat } from './location.ts'

/** Told what each function makes of the list. */
export interface Recorder {
  step(step: Step, before: readonly Candidate[], after: readonly Candidate[]): void
  /** The function threw, or gave back what is no list of candidates: the list stays as it was. */
  failed(step: Step, error: unknown): void
}

/** Told of a function that failed; must not throw. */
export type OnFailure = (name: string, error: unknown) => void

export class Cascade {
  readonly steps: readonly Step[]
  /** Nobody is balanced here: whoever asks need not run it. */
  readonly isOff: boolean
  /** Where the winner is reached by a redirect: the last that says so counts. */
  readonly location: LocationFormat | undefined
  /** Whether `exchange.request` must be there. */
  readonly readsRequest: boolean
  /** Whether `live.latency` must be kept. */
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

  /** The candidates that are left, best first. */
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
      // To explain a choice is not to make it.
      if (recorder === undefined || !step.annotates) {
        list = this.#guarded(step, before, exchange, clock, recorder)
      }
      if (recorder !== undefined) recorder.step(step, before, list)
    }
    return list
  }

  #guarded(
    step: Step,
    list: readonly Candidate[],
    exchange: ExchangeView,
    clock: Clock,
    recorder: Recorder | undefined,
  ): readonly Candidate[] {
    try {
      return step.apply(list, exchange, clock)
    } catch (error) {
      if (recorder === undefined) this.#onFailure(step.name, error)
      else recorder.failed(step, error)
      return list
    }
  }
}
