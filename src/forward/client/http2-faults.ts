// Counts what the client of a connection of HTTP/2 does that costs this side more than it costs the client, and says when it
// is too much. Pure. Limits: http2Limits in base/limits.ts.

import { http2Limits } from '../../base/limits.ts'
import { Budget } from './http2-budget.ts'

const {
  resetBurst,
  resetRate,
  faultBurst,
  faultRate,
  controlFramesFree,
  windowUpdatesFree,
  windowUpdatesForData,
  smallDataBytes,
  smallDataForFault,
} = http2Limits

/** Each returns false when the connection must end. */
export class Http2Faults {
  readonly #faults: Budget
  readonly #resets: Budget
  /** SETTINGS, PING, PRIORITY and other frames of the present second, by type modulo the length. */
  readonly #controls: Uint16Array = new Uint16Array(32)
  #second = 0
  #windowUpdates = 0
  #smallData = 0
  #emptyData = 0

  /** @param now ms. */
  constructor(now: number) {
    this.#faults = new Budget(faultBurst, faultRate, now)
    this.#resets = new Budget(resetBurst, resetRate, now)
  }

  fault(now: number): boolean {
    return this.#faults.draw(now)
  }

  /** A stream was reset before it was answered. */
  reset(now: number): boolean {
    return this.#resets.draw(now)
  }

  /** SETTINGS, PING, PRIORITY, PRIORITY_UPDATE, or a frame of an unknown type. */
  control(type: number, now: number): boolean {
    const second = Math.floor(now / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#controls.fill(0)
    }
    const at = type % this.#controls.length
    const count = Math.min(0xffff, (this.#controls[at] ?? 0) + 1)
    this.#controls[at] = count
    return count <= controlFramesFree || this.fault(now)
  }

  /** @param dataFrames of DATA that were sent so far. */
  windowUpdate(dataFrames: number, now: number): boolean {
    const free = windowUpdatesFree + windowUpdatesForData * dataFrames
    return ++this.#windowUpdates <= free || this.fault(now)
  }

  /** A frame of DATA without END_STREAM. @param bytes of it without padding. */
  data(bytes: number, now: number): boolean {
    this.#emptyData = bytes === 0 ? this.#emptyData + 1 : 0
    if (this.#emptyData > 1) return this.fault(now)
    if (bytes >= smallDataBytes || ++this.#smallData % smallDataForFault !== 0) return true
    return this.fault(now)
  }
}
