// Tells a ServerResponse that its answer has left by another way: straight on the socket, as bytes of the
// peer that gave it. Everything that waits for the response (the next pipelined request, keep-alive,
// server.close(), listeners of 'finish') then goes on as after `end()`. The one undocumented step of the
// hand-over; `canFinish` says whether this Node.js knows it.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

interface Internals {
  _header: string | null
  _headerSent: boolean
  _hasBody: boolean
  _last: boolean
}

/** For `headersSent`: the head is not kept. */
const elsewhere = '\r\n'

/** The head of the answer is on its way. */
export function headElsewhere(response: ServerResponse, status: number): void {
  const internals = response as unknown as Internals
  response.statusCode = status
  internals._header = elsewhere
  internals._headerSent = true
  internals._hasBody = false
}

/** @param closes the connection ends behind the answer. */
export function finishElsewhere(response: ServerResponse, closes: boolean): void {
  if (closes) (response as unknown as Internals)._last = true
  response.end()
}

let can: boolean | undefined

/** Tries it on a response that leads nowhere. */
export function canFinish(): boolean {
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
  headElsewhere(response, 200)
  const isSent = response.headersSent
  finishElsewhere(response, true)
  response.detachSocket(socket)
  return isSent && written === 0 && response.writableEnded
}
