// Responses of the proxy itself, when no node can answer or none may be asked.

import { STATUS_CODES } from 'node:http'

export interface Refusal {
  readonly status: number
  /** Stable name, for the access log and the body. */
  readonly code: string
  readonly text: string
  /** The body, one character per byte, when it is not made of the others. */
  readonly body?: string
  /** Whole lines in place of Content-Type and Cache-Control, and of those that the proxy writes with the same names. */
  readonly lines?: string
  /** Names in lower case of lines that the proxy does not write. */
  readonly withheld?: readonly string[]
  /** Target of a redirect. */
  readonly location?: string
  /** Of the request. */
  readonly id?: string
  /** The client gets the id in X-Request-Id, too. */
  readonly tellsId?: boolean
}

/** A response that names the request. @param id '' without one. @param tellsId in X-Request-Id, too. */
export const withId = (refusal: Refusal, id: string, tellsId: boolean): Refusal =>
  id === '' ? refusal : { ...refusal, id, tellsId }

/** After how many seconds a client may try again when no node is usable. */
const retryAfterSeconds = 2

/** The lines of a response that sets none. */
export const ownFields = 'Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n'

/** A response without its Date, which stands between the two parts. */
type Written = readonly [statusLine: Buffer, rest: Buffer]

const written: Map<string, Written> = new Map()

/** The complete response. Each kind is written once. @param first the line of Date, and others that all responses get. */
export function refusalBytes(
  refusal: Refusal,
  close: boolean,
  toHead: boolean,
  first: Buffer,
): Buffer {
  const [statusLine, rest] = partsOf(refusal, close, toHead)
  const kept =
    refusal.lines === undefined
      ? first
      : Buffer.from(withoutLines(first.toString('latin1'), decidedNames(refusal)), 'latin1')
  return Buffer.concat([statusLine, kept, rest])
}

/** Names in lower case of the fields that the refusal sets or withholds. */
const decidedNames = ({ lines = '', withheld = [] }: Refusal): ReadonlySet<string> =>
  new Set([...withheld, ...linesIn(lines).map(nameIn)])

const linesIn = (lines: string): readonly string[] => lines.split(/(?<=\r\n)/)

const nameIn = (line: string): string => line.slice(0, line.indexOf(':')).toLowerCase()

/** Whole lines without those that have one of these names. @param names in lower case. */
export const withoutLines = (lines: string, names: ReadonlySet<string>): string =>
  linesIn(lines)
    .filter((line) => !names.has(nameIn(line)))
    .join('')

function partsOf(refusal: Refusal, close: boolean, toHead: boolean): Written {
  const { location, body, lines, id } = refusal
  if ([location, body, lines, id].some((given) => given !== undefined))
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
  const { id } = refusal
  const body =
    refusal.body ??
    `${refusal.status} ${refusal.text} (${refusal.code})\n${id === undefined ? '' : `request ${id}\n`}`
  const statusLine = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}\r\n`
  const isBare = refusal.status === 204 || refusal.status === 304
  const lines: string[] = []
  if (!isBare) lines.push(`Content-Length: ${body.length}`)
  if (refusal.status === 503) lines.push(`Retry-After: ${retryAfterSeconds}`)
  if (refusal.status === 405) lines.push('Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
  if (refusal.location !== undefined) lines.push(`Location: ${refusal.location}`)
  if (id !== undefined && refusal.tellsId === true) lines.push(`X-Request-Id: ${id}`)
  if (close) lines.push('Connection: close')
  const own = withoutLines(lines.map((line) => `${line}\r\n`).join(''), decidedNames(refusal))
  const rest = `${refusal.lines ?? ownFields}${own}\r\n${toHead || isBare ? '' : body}`
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
export const noBalancer: Refusal = {
  status: 503,
  code: 'NO_BALANCER',
  text: 'no node of the balancer that the rule names serves this path now',
}
export const bodyLarge: Refusal = {
  status: 413,
  code: 'BODY_LARGE',
  text: 'the body is longer than the rule allows',
}
export const ruleDenied: Refusal = {
  status: 403,
  code: 'RULE_DENIED',
  text: 'this address may not send this request',
}
export const rateLimited: Refusal = {
  status: 429,
  code: 'RATE_LIMIT',
  text: 'too many requests of this client',
}
export const loginNeeded: Refusal = {
  status: 401,
  code: 'LOGIN',
  text: 'a name and a password are required',
}
export const loginsBusy: Refusal = {
  status: 503,
  code: 'LOGINS_BUSY',
  text: 'too many passwords are being checked',
}
export const noHost: Refusal = {
  status: 400,
  code: 'NO_HOST',
  text: 'a request without Host cannot be redirected',
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
/** For the access log: there was no response. */
export const clientLeft: Refusal = { status: 0, code: 'CLIENT_CLOSED', text: '' }
export const clientUnknown: Refusal = {
  status: 403,
  code: 'CLIENT_CERTIFICATE',
  text: 'a client certificate that this proxy accepts is required',
}
