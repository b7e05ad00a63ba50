// A request or an upgrade as a server has emitted it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Arrival {
  readonly request: IncomingMessage
  readonly socket: Socket
  /** `undefined` for an upgrade. */
  readonly response: ServerResponse | undefined
  /** Bytes of the new protocol that arrived with an upgrade. */
  readonly behind: Buffer | undefined
  /** Emitted as `checkContinue`: its `Expect: 100-continue` has not been answered. */
  readonly expects: boolean
  readonly serveHere: ServeHere
}

/** Passes the intercepted event to the application. */
export type ServeHere = (arrival: Arrival) => void
