// A request that Node.js has parsed, as the bytes of a head again, for the stages of src/forward, which
// read bytes. What ends at this server or is ours to say is left out.

import type { IncomingMessage } from 'node:http'
import { handedOverField } from '../wire/handed-over.ts'

/** Says whether a field travels on; names are compared by length first, since this runs for each field of a request. */
function travels(name: string, keepsExpect: boolean): boolean {
  switch (name.length) {
    case 6:
      // Node.js has answered 100 (Continue) itself, unless the application asked to do that.
      return keepsExpect || name.toLowerCase() !== 'expect'
    case handedOverField.length:
      return name.toLowerCase() !== handedOverField
    default:
      return true
  }
}

/**
 * The head as text of one byte a character, up to and with the empty line.
 * @param mark value of our own field.
 * @param closes the connection ends with this exchange.
 */
export function headText(
  request: IncomingMessage,
  mark: string,
  closes: boolean,
  keepsExpect: boolean,
): string {
  const { rawHeaders } = request
  let text = `${request.method} ${request.url} HTTP/1.${request.httpVersionMinor === 0 ? 0 : 1}\r\n`
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (travels(name, keepsExpect)) text += `${name}: ${rawHeaders[i + 1]}\r\n`
  }
  if (closes) text += 'Connection: close\r\n'
  return `${text}Topspin-Handed-Over: ${mark}\r\n\r\n`
}

/** The mark that the request came with, `undefined` when it has none. */
export function markOf(request: IncomingMessage): string | undefined {
  const { rawHeaders } = request
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === handedOverField.length && name.toLowerCase() === handedOverField)
      return rawHeaders[i + 1]
  }
  return undefined
}

/** Takes the mark out of what the application sees of the request. */
export function withoutMark(request: IncomingMessage): void {
  // Node.js makes these from `rawHeaders` at the first question: they must be there before it gets shorter.
  delete request.headers[handedOverField]
  delete request.headersDistinct[handedOverField]
  const { rawHeaders } = request
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    if ((rawHeaders[i] as string).toLowerCase() === handedOverField) rawHeaders.splice(i, 2)
  }
}
