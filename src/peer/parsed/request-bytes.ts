// A request that Node.js has parsed, as the bytes of a head again, for the stages of src/forward, which
// read bytes. What ends at this server or is ours to say is left out.

import type { IncomingMessage } from 'node:http'
import { handedOverField } from '../../wire/handed-over.ts'

/** Value of the first field with this name, in lower case. Node.js's `headers` would first make an object of all of them. */
export function fieldOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const other = rawHeaders[i] as string
    if (other.length === name.length && other.toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}

export interface HeadOptions {
  /** Value of our own field; `undefined`: none. */
  readonly mark: string | undefined
  /** The connection ends with this exchange. */
  readonly closes: boolean
  /** Nobody has answered `Expect: 100-continue` yet. */
  readonly keepsExpect: boolean
  /** Node.js has given the connection away; else it still reads requests from it, whatever the client wants. */
  readonly isUpgrade: boolean
}

/** The head as text of one byte a character, up to and with the empty line. */
export function headText(request: IncomingMessage, options: HeadOptions): string {
  const { rawHeaders } = request
  let text = `${request.method} ${request.url} HTTP/1.${request.httpVersionMinor === 0 ? 0 : 1}\r\n`
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (travels(name, options)) text += `${name}: ${rawHeaders[i + 1]}\r\n`
  }
  if (options.closes) text += 'Connection: close\r\n'
  if (options.mark !== undefined) text += `Topspin-Handed-Over: ${options.mark}\r\n`
  return `${text}\r\n`
}

/** Whether a field goes on; by length first, since this is asked for each field of a request. */
function travels(name: string, { keepsExpect, isUpgrade }: HeadOptions): boolean {
  switch (name.length) {
    case 6:
      return keepsExpect || name.toLowerCase() !== 'expect'
    case 7:
      return isUpgrade || name.toLowerCase() !== 'upgrade'
    case handedOverField.length:
      return name.toLowerCase() !== handedOverField
    default:
      return true
  }
}

/** Bytes of the body that will come; -1 when it is chunked. */
export function bodyLength(request: IncomingMessage): number {
  if (fieldOf(request, 'transfer-encoding') !== undefined) return -1
  return Number(fieldOf(request, 'content-length') ?? 0)
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
