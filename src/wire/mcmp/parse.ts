// Parser for messages: from a request of the control listener to a message, or to the problem for the reply (mcmp.md 1.3,
// 1.4). CONFIG is in parse-config.ts.

import { mcmpLimits } from '../../base/limits.ts'
import { type Pair, parseBody } from './body.ts'
import { byteLength, fieldBytesMax, isHostName, readInteger, readPort } from './fields.ts'
import { isJavaNode } from './java-node.ts'
import { ItemList, readHost } from './lists.ts'
import { readLoadMetrics } from './load-metrics.ts'
import { defaultMetricsSource } from './load-source.ts'
import type {
  AppMethod,
  Message,
  Method,
  PingMessage,
  QueryMessage,
  StatusMessage,
} from './message.ts'
import { readNodeOrder } from './node-order.ts'
import { parseConfigMessage } from './parse-config.ts'
import type { Parsed } from './parsed.ts'
import {
  badLoad,
  badValue,
  cannotParse,
  fieldsMissing,
  invalidField,
  type McmpProblem,
  problem,
  routeEmpty,
  routeMissing,
  tooBig,
  tooManyPairs,
} from './problem.ts'
import { senderOf } from './sender.ts'

export interface MessageRequest {
  readonly method: Method
  readonly target: string
  readonly body: Uint8Array
  /** Values of header fields, '' when absent. */
  readonly accept: string
  readonly contentType: string
  readonly userAgent: string
  /** Of the field `loadSourceField`. */
  readonly loadSource?: string
  /** Of the field `loadMetricsField`. */
  readonly loadMetrics?: string
  /** Of the field `senderField`. */
  readonly sender?: string
  /** Of the field `orderField`. */
  readonly order?: string
}

const methods: ReadonlySet<string> = new Set<Method>([
  'CONFIG',
  'ENABLE-APP',
  'DISABLE-APP',
  'STOP-APP',
  'REMOVE-APP',
  'STATUS',
  'INFO',
  'DUMP',
  'PING',
  'VERSION',
])

/** The MCMP method of an HTTP method, case-insensitively; `undefined` for others (mcmp.md decision 1). */
export function methodOf(name: string): Method | undefined {
  const upper = name.toUpperCase()
  return methods.has(upper) ? (upper as Method) : undefined
}

/** Whether a command is for the whole node (mcmp.md decision 3). */
export const isWildcard = (target: string): boolean => target === '*' || target.endsWith('/*')

export function parseMessage(request: MessageRequest): Parsed {
  const { method } = request
  if (method === 'INFO' || method === 'DUMP' || method === 'VERSION')
    return { ok: true, message: parseQuery(method, request) }
  const pairs = parseBody(request.body, { plusIsSpace: plusIsSpace(request) })
  if ('type' in pairs) return pairs
  switch (method) {
    case 'CONFIG':
      return withOrder(parseConfigMessage(pairs), request)
    case 'STATUS':
      return parseStatus(pairs, request)
    case 'PING':
      return parsePing(pairs)
    default:
      return withOrder(parseApp(method, request, pairs), request)
  }
}

/** With what a node counts, unless an operator sends the message. */
function withOrder(parsed: Parsed, { order: field = '' }: MessageRequest): Parsed {
  const order = field === '' ? undefined : readNodeOrder(field)
  if (order === undefined || !parsed.ok) return parsed
  const { message } = parsed
  const isNodes = !('sender' in message) || message.sender !== 'operator'
  return isNodes ? { ...parsed, message: { ...message, order } as Message } : parsed
}

function parseQuery(method: QueryMessage['method'], request: MessageRequest): QueryMessage {
  const xml = request.accept.toLowerCase().includes('text/xml')
  const forNode = senderOf(request.sender ?? '', request.userAgent) === 'node'
  return forNode ? { method, xml, forNode } : { method, xml }
}

function plusIsSpace(request: MessageRequest): boolean {
  const mediaType = request.contentType.split(';', 1)[0]!.trim().toLowerCase()
  return mediaType === 'application/x-www-form-urlencoded' || isJavaNode(request.userAgent)
}

function parseApp(
  method: AppMethod,
  { target, userAgent, sender: field = '' }: MessageRequest,
  pairs: readonly Pair[],
): Parsed {
  if (pairs.length === 0) return cannotParse
  const wildcard = isWildcard(target)
  const sender = senderOf(field, userAgent)
  const from = {
    ...(isJavaNode(userAgent) ? ({ fromJavaNode: true } as const) : {}),
    ...(sender === undefined ? {} : { sender }),
  }
  let route = ''
  const aliasList = new ItemList('Alias')
  const contextList = new ItemList('Context')
  for (const { key, value } of pairs) {
    if (value === '') continue
    let wrong: McmpProblem | undefined
    switch (key.toLowerCase()) {
      case 'jvmroute':
        if (byteLength(value) > fieldBytesMax.route) return tooBig('JVMRoute')
        route = value
        break
      case 'alias':
        wrong = aliasList.add(value)
        break
      case 'context':
        wrong = contextList.add(value)
        break
    }
    if (wrong !== undefined) return wrong
  }
  if (route === '') return routeEmpty
  const aliases = aliasList.items
  const contexts = contextList.items
  if (wildcard)
    return {
      ok: true,
      message: { method, wildcard, route, aliases: [], contexts: [], ...from },
    }
  if (aliases.length === 0 && contexts.length === 0)
    return problem('SYNTAX', 'SYNTAX: No Context and Alias in APP command')
  if (contexts.length === 0) return problem('SYNTAX', 'SYNTAX: Alias without Context')
  if (aliases.length === 0) return problem('SYNTAX', 'SYNTAX: Context without Alias')
  if (aliases.length * contexts.length > mcmpLimits.messagePairsMax) return tooManyPairs
  return { ok: true, message: { method, wildcard, route, aliases, contexts, ...from } }
}

function parseStatus(
  pairs: readonly Pair[],
  { loadSource, loadMetrics = '' }: MessageRequest,
): Parsed {
  if (pairs.length === 0) return invalidField('')
  let route = ''
  let load: number | undefined
  for (const { key, value } of pairs) {
    switch (key.toLowerCase()) {
      case 'jvmroute':
        if (byteLength(value) > fieldBytesMax.route) return tooBig('JVMRoute')
        route = value
        break
      case 'load':
        if (value === '') break
        load = readInteger(value, -1)
        if (load === undefined || load > 100) return badLoad
        break
      default:
        return invalidField(key)
    }
  }
  if (route === '') return routeMissing
  const metrics = readLoadMetrics(loadMetrics)
  const message: StatusMessage = {
    method: 'STATUS',
    route,
    ...(load === undefined ? {} : { load }),
    ...(loadSource === defaultMetricsSource ? { isDefaultLoad: true } : {}),
    ...(metrics.length > 0 ? { metrics } : {}),
  }
  return { ok: true, message }
}

const schemes: ReadonlySet<string> = new Set(['ajp', 'http', 'https', 'ws', 'wss', 'h2c', 'h2'])

function parsePing(pairs: readonly Pair[]): Parsed {
  const given = new Map<string, string>()
  for (const { key, value } of pairs) {
    const name = key.toLowerCase()
    if (name !== 'jvmroute' && name !== 'scheme' && name !== 'host' && name !== 'port')
      return invalidField(key)
    if (name === 'jvmroute' && byteLength(value) > fieldBytesMax.route) return tooBig('JVMRoute')
    if (name === 'host' && byteLength(value) > fieldBytesMax.host) return tooBig('Host')
    if (name === 'port' && byteLength(value) > fieldBytesMax.port) return tooBig('Port')
    if (value !== '') given.set(name, value)
  }
  const route = given.get('jvmroute')
  const [scheme, host, port] = [given.get('scheme'), given.get('host'), given.get('port')]
  if (route !== undefined) return ping({ method: 'PING', route })
  if (scheme === undefined && host === undefined && port === undefined)
    return ping({ method: 'PING' })
  if (scheme === undefined || host === undefined || port === undefined) return fieldsMissing
  if (!schemes.has(scheme.toLowerCase()))
    return problem('SYNTAX', `PING Unsupported scheme: ${scheme}`)
  const number = readPort(port)
  if (number === undefined) return badValue('Port')
  const name = readHost(host)
  if (!isHostName(name)) return badValue('Host')
  return ping({
    method: 'PING',
    address: { scheme: scheme.toLowerCase(), host: name, port: number },
  })
}

const ping = (message: PingMessage): Parsed => ({ ok: true, message })
