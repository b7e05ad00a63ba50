// Whether further handles on a listening socket are worth their cost (accept-handles.ts), from the counts of
// accepts, turns of the event loop and ticks. Pure.

import { acceptLimits } from '../base/limits.ts'

export class AcceptPressure {
  /** Whether connections wait in the kernel, so that a turn of the event loop should accept several. */
  isHigh = false
  /** Accepts since the last tick. */
  #inTick = 0
  /** Accepts in `#turns` turns. */
  #inTurns = 0
  #turns = 0
  #quietTicks = 0
  #restTicks = 0

  /** Counts a connection that was accepted. */
  accepted(): void {
    this.#inTick++
    if (this.isHigh) this.#inTurns++
    else if (this.#restTicks === 0 && this.#inTick >= acceptLimits.crowd) this.isHigh = true
  }

  /** Counts a turn in which connections were accepted; called while the pressure is high. */
  turned(): void {
    this.#turns++
  }

  /** Called every 100 ms. */
  tick(): void {
    if (this.isHigh) this.#judge()
    else if (this.#restTicks > 0) this.#restTicks--
    this.#inTick = 0
  }

  #judge(): void {
    this.#quietTicks = this.#inTick === 0 ? this.#quietTicks + 1 : 0
    if (this.#quietTicks >= acceptLimits.quietTicks) return this.#fall(0)
    if (this.#turns < acceptLimits.turnsLeast) return
    // About one connection in a turn: they arrive one after the other, and none waits.
    if (this.#inTurns < this.#turns * acceptLimits.eachTurn) {
      return this.#fall(acceptLimits.restTicks)
    }
    this.#inTurns = this.#turns = 0
  }

  #fall(restTicks: number): void {
    this.isHigh = false
    this.#inTurns = this.#turns = this.#quietTicks = 0
    this.#restTicks = restTicks
  }
}
