// The head of a request that Node.js has parsed, as bytes again: the stages of an exchange read bytes. Fields that end at
// this server, and those that it writes itself, are left out.

import type { IncomingMessage } from 'node:http'
import { handedOverField } from '../../wire/handed-over.ts'

interface HeadOptions {
  /** The request target. Default: that of the request. */
  readonly target?: string
  /** Replace those of the request with these names. Valid names and values. Default: none. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** Value of the field that marks hand-overs; `undefined`: none. */
  readonly mark: string | undefined
  /** The connection ends with this exchange. */
  readonly closes: boolean
  /** `Expect: 100-continue` has not been answered yet. */
  readonly keepsExpect: boolean
  /** Node.js reads no further request from the connection. */
  readonly isUpgrade: boolean
}

/** The head with one character for each byte, up to and with the empty line. */
export function headText(request: IncomingMessage, options: HeadOptions): string {
  const { rawHeaders } = request
  const { fields } = options
  const replaced = fields && new Set(Object.keys(fields).map((name) => name.toLowerCase()))
  const { target = request.url } = options
  let text = `${request.method} ${target} HTTP/1.${request.httpVersionMinor === 0 ? 0 : 1}\r\n`
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (isForwarded(name, options) && replaced?.has(name.toLowerCase()) !== true)
      text += `${name}: ${rawHeaders[i + 1]}\r\n`
  }
  if (fields !== undefined)
    for (const name of Object.keys(fields)) text += `${name}: ${fields[name]}\r\n`
  if (options.closes) text += 'Connection: close\r\n'
  if (options.mark !== undefined) text += `Topspin-Handed-Over: ${options.mark}\r\n`
  return `${text}\r\n`
}

/** Compares the length first, because this is called for each field of each request. */
function isForwarded(name: string, { keepsExpect, isUpgrade }: HeadOptions): boolean {
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

/** Bytes of the body; -1 when it is chunked. */
export function bodyLength(request: IncomingMessage): number {
  if (fieldOf(request, 'transfer-encoding') !== undefined) return -1
  return Number(fieldOf(request, 'content-length') ?? 0)
}

/** Removes the mark from the request before the application receives it. */
export function withoutMark(request: IncomingMessage): void {
  // Node.js makes these objects from `rawHeaders` at the first use, so they are made before it is changed.
  delete request.headers[handedOverField]
  delete request.headersDistinct[handedOverField]
  const { rawHeaders } = request
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    if ((rawHeaders[i] as string).toLowerCase() === handedOverField) rawHeaders.splice(i, 2)
  }
}

/**
 * Value of the first field with this name, which is in lower case. Cheaper than `request.headers`, for which Node.js
 * makes an object of all fields.
 */
export function fieldOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const other = rawHeaders[i] as string
    if (other.length === name.length && other.toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}
