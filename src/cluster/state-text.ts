// The text of a state file: a line with format, length and SHA-256 checksum, then JSON. Pure; used by server/state-file.ts.
// A truncated or modified text is refused as a whole.

import { createHash } from 'node:crypto'
import type { Balancer } from './balancer.ts'
import type { Context } from './context.ts'
import type { Node } from './node.ts'
import type { ContextOrder, Orders } from './orders.ts'
import type { Change } from './snapshot.ts'

/** The process that wrote the file, to detect two proxies that use the same one. */
export interface StateWriter {
  readonly pid: number
  readonly machine: string
}

export interface SavedState {
  readonly writer: StateWriter
  /** The result of `changesFrom`. */
  readonly changes: readonly Change[]
}

/** Name and version of the format below. */
const format = 'topspin-state 1'

export function writeState({ writer, changes }: SavedState): string {
  const body = JSON.stringify({ writer, changes })
  return `${headOf(body)}\n${body}`
}

/** @returns the state, or the problem of the text. */
export function readState(bytes: Buffer): SavedState | { readonly problem: string } {
  const end = bytes.indexOf('\n')
  if (end < 0) return { problem: 'it has no first line' }
  const head = bytes.toString('latin1', 0, end)
  if (!head.startsWith(`${format} `))
    return { problem: 'it is not of the form that this version writes' }
  const body = bytes.toString('utf8', end + 1)
  if (head !== headOf(body)) return { problem: 'its length or its checksum is wrong' }
  const state: unknown = JSON.parse(body)
  return isState(state) ? state : { problem: 'it was written by another version' }
}

function headOf(body: string): string {
  const sum = createHash('sha256').update(body).digest('hex')
  return `${format} ${Buffer.byteLength(body)} ${sum}`
}

/** With `?`: or absent. */
type Shape<T> = {
  readonly [K in keyof Required<T>]: 'string' | 'string?' | 'number' | 'boolean' | 'true?' | 'rows'
}

const balancerShape: Shape<Balancer> = {
  name: 'string',
  slot: 'number',
  sticky: 'boolean',
  cookie: 'string',
  pathParameter: 'string',
  stickyRemove: 'boolean',
  stickyForce: 'boolean',
  waitMs: 'number',
  maxAttempts: 'number',
}

const nodeShape: Shape<Node> = {
  id: 'number',
  slot: 'number',
  removal: 'string',
  fixed: 'boolean',
  route: 'string',
  balancer: 'string',
  domain: 'string',
  host: 'string',
  port: 'number',
  type: 'string',
  reversed: 'boolean',
  flushPackets: 'string',
  flushWaitMs: 'number',
  pingMs: 'number',
  smax: 'number',
  ttlMs: 'number',
  timeoutMs: 'number',
  from: 'string?',
}

const contextShape: Shape<Context> = {
  path: 'string',
  alias: 'string',
  vhost: 'number',
  status: 'string',
  slot: 'number',
  hostSlot: 'number',
  isUnopened: 'true?',
  own: 'string?',
  order: 'string?',
}

const ordersShape: Shape<Orders> = { route: 'string', node: 'string?', contexts: 'rows' }

const contextOrderShape: Shape<ContextOrder> = { alias: 'string', path: 'string', status: 'string' }

const writerShape: Shape<StateWriter> = { pid: 'number', machine: 'string' }

/** The checksum is right here, but another version with other fields may have written the file. */
function isState(value: unknown): value is SavedState {
  if (!isObject(value) || !fits(value['writer'], writerShape)) return false
  const changes: unknown = value['changes']
  return Array.isArray(changes) && changes.every(isChange)
}

function isChange(value: unknown): value is Change {
  if (!isObject(value)) return false
  switch (value['kind']) {
    case 'balancer':
      return fits(value['balancer'], balancerShape)
    case 'node':
      return fits(value['node'], nodeShape)
    case 'contexts':
      return typeof value['id'] === 'number' && areRows(value['contexts'], contextShape)
    case 'orders': {
      const orders: unknown = value['orders']
      return fits(orders, ordersShape) && areRows(orders['contexts'], contextOrderShape)
    }
    case 'load':
      return typeof value['id'] === 'number' && typeof value['factor'] === 'number'
    default:
      return false
  }
}

const areRows = (value: unknown, shape: Readonly<Record<string, string>>): boolean =>
  Array.isArray(value) && value.every((row) => fits(row, shape))

function fits(
  value: unknown,
  shape: Readonly<Record<string, string>>,
): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false
  const fitsAs = (of: unknown, type: string): boolean => {
    if (type === 'rows') return Array.isArray(of)
    if (type === 'true?') return of === undefined || of === true
    return type === 'string?' ? of === undefined || typeof of === 'string' : typeof of === type
  }
  return (
    Object.keys(value).every((name) => Object.hasOwn(shape, name)) &&
    Object.entries(shape).every(([name, type]) => fitsAs(value[name], type))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
