// Whether a server that has ended a connection accepts others and keeps them open, or has gone. Used by tunnels.

import { connect } from 'node:net'
import { httpLimits } from '../../base/limits.ts'
import { dialPlace } from '../../net/dial-place.ts'
import { runningTimeout } from '../../net/running-timeout.ts'
import { isQueueFull, isShortage } from '../../net/shortage.ts'

type Tell = (isGone: boolean) => void

export class GoneNodes {
  /** Who waits for the answer about a server: it may have had thousands of connections. */
  readonly #waiting: Map<string, Tell[]> = new Map()

  readonly #fault: (error: unknown) => void

  constructor(fault: (error: unknown) => void) {
    this.#fault = fault
  }

  /** @param host an IP address, or `unix:/path`. */
  ask(host: string, port: number, tell: Tell): void {
    const key = `${host} ${port}`
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) {
      waiting.push(tell)
      return
    }
    const all = [tell]
    this.#waiting.set(key, all)
    const socket = connect(dialPlace(host, port))
    const answer = (isGone: boolean): void => {
      cancel()
      socket.destroy()
      this.#waiting.delete(key)
      for (const each of all) this.#tell(each, isGone)
    }
    // A process that is being killed may close its listening socket a moment after its connections.
    const cancel = runningTimeout(httpLimits.goneCheckMs, () => answer(false))
    socket.once('error', (error) => answer(!isShortage(error) && !isQueueFull(error)))
    socket.once('end', () => answer(true))
    socket.resume()
  }

  #tell(tell: Tell, isGone: boolean): void {
    try {
      tell(isGone)
    } catch (error) {
      this.#fault(error)
    }
  }
}
