// Counts what the other side of a connection of HTTP/2 does that costs this side more than it costs the client, and says when it
// is too much. Pure. Limits: http2Limits in base/limits.ts.

import { Budget } from '../../base/budget.ts'
import { http2Limits } from '../../base/limits.ts'
import { PING } from '../../wire/http2/frames.ts'

const {
  resetBurst,
  resetRate,
  faultBurst,
  faultRate,
  controlFramesFree,
  windowUpdatesFree,
  windowUpdatesForData,
  bytesForWindowUpdate,
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
  #pings = 0
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

  /**
   * PING that is not an acknowledgement. The other side may measure the round trip with each frame of DATA that it receives,
   * as programs with gRPC do. @param dataFrames of DATA that were sent so far.
   */
  ping(dataFrames: number, now: number): boolean {
    if (this.#pings < dataFrames) {
      this.#pings++
      return true
    }
    return this.control(PING, now)
  }

  /**
   * WINDOW_UPDATE. Programs with gRPC send one for each message that they have read, of which a frame may hold many.
   * @param sent frames of DATA and their bytes so far.
   */
  windowUpdate(
    sent: { readonly dataFrames: number; readonly dataBytes: number },
    now: number,
  ): boolean {
    const { dataFrames, dataBytes } = sent
    const free =
      windowUpdatesFree + windowUpdatesForData * dataFrames + dataBytes / bytesForWindowUpdate
    return ++this.#windowUpdates <= free || this.fault(now)
  }

  /**
   * A frame of DATA without END_STREAM. @param bytes of it without padding.
   * @param mayBeSmall it holds a message, as of gRPC.
   */
  data(bytes: number, now: number, mayBeSmall: boolean = false): boolean {
    this.#emptyData = bytes === 0 ? this.#emptyData + 1 : 0
    if (this.#emptyData > 1) return this.fault(now)
    if (mayBeSmall) return true
    if (bytes >= smallDataBytes || ++this.#smallData % smallDataForFault !== 0) return true
    return this.fault(now)
  }
}
