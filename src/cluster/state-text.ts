// The text of a state file: a line with format, length and SHA-256 checksum, then JSON. Pure; used by server/state-file.ts.
// A truncated or modified text is refused as a whole.

import { createHash } from 'node:crypto'
import type { Balancer } from './balancer.ts'
import type { Context } from './context.ts'
import type { Node } from './node.ts'
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

/** 'true?': absent or true. */
type Shape<T> = { readonly [K in keyof Required<T>]: 'string' | 'number' | 'boolean' | 'true?' }

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
}

const contextShape: Shape<Context> = {
  path: 'string',
  alias: 'string',
  vhost: 'number',
  status: 'string',
  slot: 'number',
  hostSlot: 'number',
  isUnopened: 'true?',
}

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
    case 'contexts': {
      const rows: unknown = value['contexts']
      const areRows = Array.isArray(rows) && rows.every((row) => fits(row, contextShape))
      return typeof value['id'] === 'number' && areRows
    }
    case 'load':
      return typeof value['id'] === 'number' && typeof value['factor'] === 'number'
    default:
      return false
  }
}

function fits(value: unknown, shape: Readonly<Record<string, string>>): boolean {
  if (!isObject(value)) return false
  const fitsAs = (of: unknown, type: string): boolean =>
    type === 'true?' ? of === undefined || of === true : typeof of === type
  return (
    Object.keys(value).every((name) => Object.hasOwn(shape, name)) &&
    Object.entries(shape).every(([name, type]) => fitsAs(value[name], type))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
