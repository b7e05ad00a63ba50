// A request or an upgrade as a server has emitted it.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { probeBypassedResponse } from '../../node-internals/bypassed-response.ts'

export interface Arrival {
  readonly request: IncomingMessage
  readonly socket: Socket
  /** `undefined` for an upgrade. */
  readonly response: ServerResponse | undefined
  /** Bytes of the new protocol that arrived with an upgrade. */
  readonly behind: Buffer | undefined
  /** Emitted as `checkContinue`: its `Expect: 100-continue` has not been answered. */
  readonly expects: boolean
  /** The request target that is forwarded. Default: that of the request. */
  readonly target?: string | undefined
  /** Fields that replace those of the request. Valid names and values. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** The whole body, when something else has read it from the request. */
  readonly readBody?: Buffer | undefined
  readonly serveHere: ServeHere
}

/** Passes the request to the application. */
export type ServeHere = (arrival: Arrival) => void

/** HTTP/1 on a socket of Node.js: bytes cannot be written to anything else. */
export function isPlain({ request, response, socket }: Arrival): boolean {
  if (!(socket instanceof Socket) || !(request instanceof IncomingMessage)) return false
  if (request.httpVersionMajor !== 1) return false
  return response === undefined || (response instanceof ServerResponse && probeBypassedResponse())
}
