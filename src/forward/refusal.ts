// Responses of the proxy itself, when no node can answer or none may be asked.

import { STATUS_CODES } from 'node:http'

export interface Refusal {
  readonly status: number
  /** Stable name, for the access log and the body. */
  readonly code: string
  readonly text: string
  /** Target of a redirect. */
  readonly location?: string
}

/** After how many seconds a client may try again when no node is usable. */
const retryAfterSeconds = 2

const written: Map<string, Buffer> = new Map()

/** The complete response. Each kind is written once. */
export function refusalBytes(refusal: Refusal, close: boolean, toHead: boolean): Buffer {
  if (refusal.location !== undefined) return write(refusal, close, toHead)
  const key = `${refusal.status} ${refusal.code} ${close} ${toHead}`
  let bytes = written.get(key)
  if (bytes === undefined) {
    bytes = write(refusal, close, toHead)
    written.set(key, bytes)
  }
  return bytes
}

function write(refusal: Refusal, close: boolean, toHead: boolean): Buffer {
  const body = `${refusal.status} ${refusal.text} (${refusal.code})\n`
  const lines = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Cache-Control: no-store',
  ]
  if (refusal.status === 503) lines.push(`Retry-After: ${retryAfterSeconds}`)
  if (refusal.status === 405) lines.push('Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
  if (refusal.location !== undefined) lines.push(`Location: ${refusal.location}`)
  if (close) lines.push('Connection: close')
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${toHead ? '' : body}`, 'latin1')
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
export const proxyFull: Refusal = {
  status: 503,
  code: 'PROXY_FULL',
  text: 'the proxy can open no more connections now',
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
