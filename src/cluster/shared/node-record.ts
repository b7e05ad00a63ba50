// A node as proxies share it: what it registered with and its own status of each context. Ids and rows are each proxy's own,
// and orders of operators are records of their own. Pure.

import { mcmpLimits } from '../../base/limits.ts'
import { type ContextStatus, statusNumber } from '../../wire/mcmp/context-status.ts'
import { byteLength, fieldBytesMax, illegal, isHostName } from '../../wire/mcmp/fields.ts'
import { ownStatusOf } from '../context.ts'
import { type Node, type NodeSettings, nodeSettingTypes } from '../node.ts'
import { findNode, type Snapshot } from '../snapshot.ts'
import { hasShape, isPlainObject } from './shape.ts'

export interface NodeRecord {
  readonly node: NodeSettings & { readonly from?: string }
  readonly contexts: readonly RecordContext[]
  /** `marked`: removed; kept for a while, so that what the node said before finds it. */
  readonly removal: 'none' | 'marked'
}

interface RecordContext {
  readonly path: string
  readonly alias: string
  readonly vhost: number
  readonly status: ContextStatus
  readonly isUnopened?: true
}

/** @returns `undefined` for a node that is not registered, or that the configuration of this proxy names. */
export function nodeRecordText(snapshot: Snapshot, route: string): string | undefined {
  const node = findNode(snapshot, route)
  if (node === undefined || node.fixed) return undefined
  const rows = snapshot.contexts.get(node.id) ?? []
  return textOf({
    node: settingsOf(node),
    contexts: rows.map((row) => ({
      path: row.path,
      alias: row.alias,
      vhost: row.vhost,
      status: ownStatusOf(row),
      ...(row.isUnopened === true ? { isUnopened: true } : {}),
    })),
    removal: node.removal === 'none' ? 'none' : 'marked',
  })
}

/** The same text for equal records. */
const textOf = ({ node, contexts, removal }: NodeRecord): string =>
  JSON.stringify({
    node: settingsOf(node),
    contexts: contexts.map(({ path, alias, vhost, status, isUnopened }) =>
      isUnopened === true ? [path, alias, vhost, status, 1] : [path, alias, vhost, status],
    ),
    removal,
  })

const settingsOf = (node: NodeSettings & Pick<Node, 'from'>): NodeRecord['node'] => ({
  route: node.route,
  balancer: node.balancer,
  domain: node.domain,
  host: node.host,
  port: node.port,
  type: node.type,
  reversed: node.reversed,
  flushPackets: node.flushPackets,
  flushWaitMs: node.flushWaitMs,
  pingMs: node.pingMs,
  smax: node.smax,
  ttlMs: node.ttlMs,
  timeoutMs: node.timeoutMs,
  ...(node.from === undefined ? {} : { from: node.from }),
})

/** @returns the record with its canonical text, or what is wrong with it: it passes the rules of messages. */
export function readNodeRecord(
  route: string,
  value: unknown,
): { readonly record: NodeRecord; readonly text: string } | { readonly problem: string } {
  if (!isPlainObject(value)) return { problem: 'not a node record' }
  const { node, contexts, removal } = value
  if (!isSettings(node)) return { problem: 'settings of the node are missing or of another form' }
  if (node.route !== route) return { problem: 'the route is not that of the key' }
  const wrong = wrongSetting(node)
  if (wrong !== undefined) return { problem: `${wrong} is too long or has forbidden characters` }
  if (removal !== 'none' && removal !== 'marked') return { problem: 'removal is unknown' }
  if (!Array.isArray(contexts) || contexts.length > mcmpLimits.messagePairsMax)
    return { problem: 'contexts are no list, or too many' }
  const rows: RecordContext[] = []
  for (const row of contexts) {
    const context = contextOf(row)
    if (context === undefined) return { problem: 'a context breaks the rules of messages' }
    rows.push(context)
  }
  const record: NodeRecord = { node: settingsOf(node), contexts: rows, removal }
  return { record, text: textOf(record) }
}

/** A record whose text was read before. */
export function nodeRecordOf(text: string): NodeRecord {
  const { node, contexts, removal } = JSON.parse(text) as {
    node: NodeRecord['node']
    contexts: readonly unknown[]
    removal: NodeRecord['removal']
  }
  return { node, contexts: contexts.map(contextOf).filter((row) => row !== undefined), removal }
}

const isSettings = (value: unknown): value is NodeRecord['node'] =>
  hasShape(value, { ...nodeSettingTypes, from: 'string?' })

function wrongSetting(node: NodeRecord['node']): string | undefined {
  for (const field of ['route', 'balancer', 'domain', 'type'] as const) {
    const isWord = byteLength(node[field]) <= fieldBytesMax[field] && !node[field].includes(',')
    if (!isWord || illegal.test(node[field])) return field
  }
  if (node.route === '' || node.route === 'REMOVED') return 'route'
  if (byteLength(node.host) > fieldBytesMax.host || !isHostName(node.host)) return 'host'
  if (!Number.isInteger(node.port) || node.port < 1 || node.port > 65_535) return 'port'
  if (!['off', 'on', 'auto'].includes(node.flushPackets)) return 'flushPackets'
  for (const field of ['flushWaitMs', 'pingMs', 'ttlMs', 'timeoutMs'] as const)
    if (!Number.isSafeInteger(node[field]) || node[field] < 0) return field
  if (!Number.isSafeInteger(node.smax) || node.smax < -1) return 'smax'
  if (node.from !== undefined && (byteLength(node.from) > 64 || illegal.test(node.from)))
    return 'from'
  return undefined
}

function contextOf(row: unknown): RecordContext | undefined {
  if (!Array.isArray(row) || row.length < 4 || row.length > 5) return undefined
  const [path, alias, vhost, status, isUnopened] = row as readonly unknown[]
  if (!isItem(path, fieldBytesMax.context) || !isItem(alias, fieldBytesMax.alias)) return undefined
  if (!Number.isSafeInteger(vhost) || (vhost as number) < 1) return undefined
  if (typeof status !== 'string' || !Object.hasOwn(statusNumber, status)) return undefined
  const context = { path, alias, vhost: vhost as number, status: status as ContextStatus }
  return isUnopened === 1 ? { ...context, isUnopened: true } : context
}

const isItem = (text: unknown, bytesMax: number): text is string =>
  typeof text === 'string' &&
  text !== '' &&
  byteLength(text) <= bytesMax &&
  !text.includes(',') &&
  !illegal.test(text)
