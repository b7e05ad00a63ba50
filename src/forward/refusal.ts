// Responses of the proxy itself, when no node can answer or none may be asked.

import { STATUS_CODES } from 'node:http'

export interface Refusal {
  readonly status: number
  /** Stable name, for the access log and the body. */
  readonly code: string
  readonly text: string
  /** The body, when it is not made of the others. */
  readonly body?: string
  /** Target of a redirect. */
  readonly location?: string
}

/** After how many seconds a client may try again when no node is usable. */
const retryAfterSeconds = 2

/** A response without its Date, which stands between the two parts. */
type Written = readonly [statusLine: Buffer, rest: Buffer]

const written: Map<string, Written> = new Map()

/** The complete response. Each kind is written once. @param date the line of the field. */
export function refusalBytes(
  refusal: Refusal,
  close: boolean,
  toHead: boolean,
  date: Buffer,
): Buffer {
  const [statusLine, rest] = partsOf(refusal, close, toHead)
  return Buffer.concat([statusLine, date, rest])
}

function partsOf(refusal: Refusal, close: boolean, toHead: boolean): Written {
  if (refusal.location !== undefined || refusal.body !== undefined)
    return write(refusal, close, toHead)
  const key = `${refusal.status} ${refusal.code} ${refusal.text} ${close} ${toHead}`
  let parts = written.get(key)
  if (parts === undefined) {
    parts = write(refusal, close, toHead)
    written.set(key, parts)
  }
  return parts
}

function write(refusal: Refusal, close: boolean, toHead: boolean): Written {
  const body = refusal.body ?? `${refusal.status} ${refusal.text} (${refusal.code})\n`
  const statusLine = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}\r\n`
  const lines = [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Cache-Control: no-store',
  ]
  if (refusal.status === 503) lines.push(`Retry-After: ${retryAfterSeconds}`)
  if (refusal.status === 405) lines.push('Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
  if (refusal.location !== undefined) lines.push(`Location: ${refusal.location}`)
  if (close) lines.push('Connection: close')
  const rest = `${lines.join('\r\n')}\r\n\r\n${toHead ? '' : body}`
  return [Buffer.from(statusLine, 'latin1'), Buffer.from(rest, 'latin1')]
}

export const unknownContext = (status: number): Refusal => ({
  status,
  code: 'NO_CONTEXT',
  text: 'no node has registered a context for this path',
})
export const ambiguousPath: Refusal = {
  status: 400,
  code: 'PATH_AMBIGUOUS',
  text: 'servers read this path differently: write it without dot segments, empty segments, parameters and needless escapes',
}
export const noNode: Refusal = {
  status: 503,
  code: 'NO_NODE',
  text: 'no node can take this request now',
}
export const queueFull: Refusal = {
  status: 503,
  code: 'QUEUE_FULL',
  text: 'all nodes have as many requests as they may have, and as many wait',
}
export const queueTimeout: Refusal = {
  status: 503,
  code: 'QUEUE_TIMEOUT',
  text: 'no node had room for this request in time',
}
export const proxyFull: Refusal = {
  status: 503,
  code: 'PROXY_FULL',
  text: 'the proxy can open no more connections now',
}
export const uploadsFull: Refusal = {
  status: 503,
  code: 'UPLOADS_FULL',
  text: 'too many requests whose bodies are still arriving',
}
export const bodyDisplaced: Refusal = {
  status: 503,
  code: 'UPLOAD_DISPLACED',
  text: 'the body came slowly, and another request needed the connection',
}
export const headLarge: Refusal = {
  status: 431,
  code: 'AJP_HEAD_LARGE',
  text: 'the header fields do not fit into what the node takes',
}
export const nodeFailed: Refusal = {
  status: 502,
  code: 'NODE_FAILED',
  text: 'the node did not give a complete answer',
}
export const nodeMalformed: Refusal = {
  status: 502,
  code: 'NODE_MALFORMED',
  text: 'the node gave an invalid answer',
}
export const nodeSlow: Refusal = {
  status: 504,
  code: 'NODE_TIMEOUT',
  text: 'the node did not answer in time',
}
export const clientSlow: Refusal = {
  status: 408,
  code: 'CLIENT_TIMEOUT',
  text: 'the request did not arrive in time',
}
export const clientUnknown: Refusal = {
  status: 403,
  code: 'CLIENT_CERTIFICATE',
  text: 'a client certificate that this proxy accepts is required',
}
