// A ServerResponse whose answer goes to the socket past it, as bytes of the peer that gave it. Node.js then goes on as
// after `end()`: with the next pipelined request, keep-alive, `server.close()` and the listeners of `finish`.
//
// Touches `response._header`, `_headerSent`, `_hasBody` and `_last`.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

interface Internals {
  _header: string | null
  _headerSent: boolean
  _hasBody: boolean
  _last: boolean
}

/** Makes `headersSent` true; the head itself is not kept. */
const noHead = '\r\n'

/** To be called when the head of the answer is being written to the socket. */
export function markHeadSent(response: ServerResponse, status: number): void {
  const internals = response as unknown as Internals
  response.statusCode = status
  internals._header = noHead
  internals._headerSent = true
  internals._hasBody = false
}

/** To be called when all of the answer has been written. @param closes the connection ends after the answer. */
export function markSent(response: ServerResponse, closes: boolean): void {
  if (closes) (response as unknown as Internals)._last = true
  response.end()
}

let can: boolean | undefined

/** Tries it on a response that leads nowhere, once in a process. Without it peers hand nothing over. */
export function probeBypassedResponse(): boolean {
  can ??= tried()
  return can
}

function tried(): boolean {
  const socket = new Socket()
  let written = 0
  socket.write = () => {
    written++
    return true
  }
  const response = new ServerResponse(new IncomingMessage(socket))
  response.assignSocket(socket)
  const known = ['_header', '_headerSent', '_hasBody', '_last'].every((name) => name in response)
  if (!known) return false
  markHeadSent(response, 200)
  const isSent = response.headersSent
  markSent(response, true)
  response.detachSocket(socket)
  return isSent && written === 0 && response.writableEnded
}
