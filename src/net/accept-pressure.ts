// When further handles on a listening socket pay (accept-handles.ts). Pure: told of accepts, of turns of the
// event loop and of ticks.

import { acceptLimits } from '../base/limits.ts'

export class AcceptPressure {
  /** Connections wait in the kernel: more than one should be taken in a turn of the event loop. */
  isHigh = false
  /** Since the last tick. */
  #inTick = 0
  /** Of the turns to judge by. */
  #inTurns = 0
  #turns = 0
  #quietTicks = 0
  #restTicks = 0

  /** A connection has been accepted. */
  accepted(): void {
    this.#inTick++
    if (this.isHigh) this.#inTurns++
    else if (this.#restTicks === 0 && this.#inTick >= acceptLimits.crowd) this.isHigh = true
  }

  /** A turn in which connections were accepted has ended; counts while the pressure is high. */
  turned(): void {
    this.#turns++
  }

  /** A tick of the coarse timer, 100 ms. */
  tick(): void {
    if (this.isHigh) this.#judge()
    else if (this.#restTicks > 0) this.#restTicks--
    this.#inTick = 0
  }

  #judge(): void {
    this.#quietTicks = this.#inTick === 0 ? this.#quietTicks + 1 : 0
    if (this.#quietTicks >= acceptLimits.quietTicks) return this.#fall(0)
    if (this.#turns < acceptLimits.turnsLeast) return
    // One connection a turn: they come one after the other, and nobody waits for his turn.
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
