// Parser for CONFIG (mcmp.md 1.3). Checks, in this order: the pairs, each key in message order, JVMRoute, aliases against
// contexts. The registry checks what depends on other nodes.

import { mcmpLimits } from '../../base/limits.ts'
import type { Pair } from './body.ts'
import {
  byteLength,
  fieldBytesMax,
  isHostName,
  readBoolean,
  readInteger,
  readPort,
  readTime,
} from './fields.ts'
import { ItemList, readHost } from './lists.ts'
import type { ConfigMessage } from './message.ts'
import type { Parsed } from './parsed.ts'
import {
  badValue,
  cannotParse,
  type McmpProblem,
  problem,
  routeEmpty,
  tooBig,
  tooManyPairs,
} from './problem.ts'

type Draft = { -readonly [K in keyof ConfigMessage]?: ConfigMessage[K] } & {
  aliasList: ItemList
  contextList: ItemList
  /** Fields with a value that is ignored, as if they were absent. */
  ignored: string[]
}
type Setter = (draft: Draft, value: string) => McmpProblem | undefined

const setters: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['jvmroute', setRoute],
  [
    'balancer',
    (draft, value) =>
      setWord(draft, 'balancer', 'Balancer', value.toLowerCase(), fieldBytesMax.balancer),
  ],
  ['domain', (draft, value) => setWord(draft, 'domain', 'LBGroup', value, fieldBytesMax.domain)],
  ['host', setHost],
  ['port', setPort],
  [
    'type',
    (draft, value) => setWord(draft, 'type', 'Type', value.toLowerCase(), fieldBytesMax.type),
  ],
  ['reversed', (draft, value) => setBoolean(draft, 'reversed', value)],
  ['flushpackets', setFlushPackets],
  [
    'flushwait',
    (draft, value) => setTime(draft, 'flushWaitMs', 'Flushwait', readTime(value, 'ms')),
  ],
  ['ping', (draft, value) => setTime(draft, 'pingMs', 'Ping', readTime(value, 's'))],
  ['smax', (draft, value) => setInteger(draft, 'smax', readInteger(value, -1))],
  ['ttl', (draft, value) => setTime(draft, 'ttlMs', 'TTL', readTime(value, 's'))],
  ['timeout', (draft, value) => setTime(draft, 'timeoutMs', 'Timeout', readTime(value, 's'))],
  ['stickysession', (draft, value) => setBoolean(draft, 'stickySession', value)],
  ['stickysessioncookie', (draft, value) => setName(draft, 'stickySessionCookie', value)],
  ['stickysessionpath', (draft, value) => setName(draft, 'stickySessionPath', value)],
  ['stickysessionremove', (draft, value) => setBoolean(draft, 'stickySessionRemove', value)],
  ['stickysessionforce', (draft, value) => setBoolean(draft, 'stickySessionForce', value)],
  ['waitworker', setWaitWorker],
  ['maxattempts', (draft, value) => setInteger(draft, 'maxAttempts', readInteger(value, 0))],
  ['alias', (draft, value) => draft.aliasList.add(value)],
  ['context', (draft, value) => draft.contextList.add(value)],
])

export function parseConfigMessage(pairs: readonly Pair[]): Parsed {
  if (pairs.length === 0 || pairs.some(({ value }) => value === '')) return cannotParse
  const draft: Draft = {
    aliasList: new ItemList('Alias'),
    contextList: new ItemList('Context'),
    ignored: [],
  }
  for (const { key, value } of pairs) {
    const wrong = setters.get(key.toLowerCase())?.(draft, value)
    if (wrong !== undefined) return wrong
  }
  const { ignored, aliasList, contextList, ...fields } = draft
  const { route } = fields
  const aliases = aliasList.items
  const contexts = contextList.items
  if (route === undefined) return routeEmpty
  if (aliases.length > 0 && contexts.length === 0)
    return problem('SYNTAX', 'SYNTAX: Alias without Context')
  if (contexts.length > 0 && aliases.length === 0)
    return problem('SYNTAX', 'SYNTAX: Context without Alias')
  if (aliases.length * contexts.length > mcmpLimits.messagePairsMax) return tooManyPairs
  const message: ConfigMessage = { ...fields, method: 'CONFIG', route, aliases, contexts }
  return ignored.length === 0 ? { ok: true, message } : { ok: true, message, ignored }
}

function setRoute(draft: Draft, value: string): McmpProblem | undefined {
  if (byteLength(value) > fieldBytesMax.route) return tooBig('JVMRoute')
  if (value === 'REMOVED' || value.includes(','))
    return problem('SYNTAX', 'SYNTAX: JVMRoute is reserved or not allowed')
  draft.route = value
  return undefined
}

/** A comma is refused, since it would break the comma-separated INFO. */
function setWord(
  draft: Draft,
  field: 'balancer' | 'domain' | 'type',
  name: string,
  value: string,
  bytesMax: number,
): McmpProblem | undefined {
  if (byteLength(value) > bytesMax) return tooBig(name)
  if (value.includes(',')) return badValue(name)
  draft[field] = value
  return undefined
}

function setHost(draft: Draft, value: string): McmpProblem | undefined {
  if (byteLength(value) > fieldBytesMax.host) return tooBig('Host')
  const host = readHost(value)
  if (!isHostName(host)) return badValue('Host')
  draft.host = host
  return undefined
}

function setPort(draft: Draft, value: string): McmpProblem | undefined {
  if (byteLength(value) > fieldBytesMax.port) return tooBig('Port')
  const port = readPort(value)
  if (port === undefined) return badValue('Port')
  draft.port = port
  return undefined
}

function setName(
  draft: Draft,
  field: 'stickySessionCookie' | 'stickySessionPath',
  value: string,
): McmpProblem | undefined {
  if (byteLength(value) > fieldBytesMax.cookie)
    return problem('SYNTAX', 'SYNTAX: A field is too big')
  draft[field] = value
  return undefined
}

function setFlushPackets(draft: Draft, value: string): undefined {
  const word = value.toLowerCase()
  const on = readBoolean(word)
  if (word === 'auto') draft.flushPackets = 'auto'
  else if (on === undefined) draft.ignored.push('flushPackets')
  else draft.flushPackets = on ? 'on' : 'off'
}

type BooleanField = 'reversed' | 'stickySession' | 'stickySessionRemove' | 'stickySessionForce'

function setBoolean(draft: Draft, field: BooleanField, text: string): undefined {
  const value = readBoolean(text)
  if (value === undefined) draft.ignored.push(field)
  else draft[field] = value
}

function setTime(
  draft: Draft,
  field: 'flushWaitMs' | 'pingMs' | 'ttlMs' | 'timeoutMs',
  name: string,
  ms: number | undefined,
): McmpProblem | undefined {
  if (ms === undefined) return badValue(name)
  draft[field] = ms
  return undefined
}

function setInteger(
  draft: Draft,
  field: 'smax' | 'maxAttempts',
  value: number | undefined,
): undefined {
  if (value === undefined) draft.ignored.push(field)
  else draft[field] = value
}

function setWaitWorker(draft: Draft, text: string): undefined {
  const seconds = readInteger(text, 0)
  if (seconds === undefined || !Number.isSafeInteger(seconds * 1000))
    draft.ignored.push('waitWorker')
  else draft.waitWorkerMs = seconds * 1000
}
