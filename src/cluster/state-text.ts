// The text of a state file: a whole state, then the changes since. Each part is a line with its kind, length and SHA-256
// checksum, and JSON. Pure; used by server/state-file.ts.
//
// A whole state that was truncated or modified is refused. Of the changes those before the first damaged part count: a
// process that is killed while it appends leaves an unfinished part, whose changes nobody was told are kept.

import { createHash } from 'node:crypto'
import type { Balancer } from './balancer.ts'
import { ChangeSet } from './change-set.ts'
import type { Context } from './context.ts'
import { type Node, nodeSettingTypes } from './node.ts'
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

export interface FoundState extends SavedState {
  /** Bytes at the end that are not used. */
  readonly unusedBytes: number
}

/** Names and versions of the parts below. */
const wholeFormat = 'topspin-state 1'
const changesFormat = 'topspin-changes 1'

export function writeState({ writer, changes }: SavedState): string {
  return partOf(wholeFormat, { writer, changes })
}

/** The changes since the text before, to be appended to it. */
export function writeChanges(changes: readonly Change[]): string {
  return `\n${partOf(changesFormat, changes)}`
}

function partOf(format: string, value: unknown): string {
  const body = JSON.stringify(value)
  return `${headOf(format, Buffer.from(body))}\n${body}`
}

function headOf(format: string, body: Buffer): string {
  return `${format} ${body.length} ${createHash('sha256').update(body).digest('hex')}`
}

/** @returns the state, or the problem of the text. */
export function readState(bytes: Buffer): FoundState | { readonly problem: string } {
  const firstLine = bytes.toString('latin1', 0, wholeFormat.length + 1)
  if (firstLine !== `${wholeFormat} ` && bytes.includes('\n'))
    return { problem: 'it is not of the form that this version writes' }
  const whole = readPart(bytes, 0, wholeFormat)
  if (whole === undefined) return { problem: 'its length or its checksum is wrong' }
  const { value } = whole
  if (!isState(value)) return { problem: 'it was written by another version' }
  const { changes, end } = readChanges(value.changes, bytes, whole.end)
  return { writer: value.writer, changes, unusedBytes: bytes.length - end }
}

/** The first changes with all that follow at `at` applied. */
function readChanges(
  first: readonly Change[],
  bytes: Buffer,
  at: number,
): { changes: readonly Change[]; end: number } {
  const all = new ChangeSet()
  for (const change of first) all.add(change)
  let end = at
  while (bytes[end] === newline) {
    const part = readPart(bytes, end + 1, changesFormat)
    if (part === undefined || !areChanges(part.value)) break
    for (const change of part.value) all.add(change)
    end = part.end
  }
  const changes = all.flush()
  return { changes: kinds.flatMap((kind) => changes.filter((one) => one.kind === kind)), end }
}

/** Of things that are present, in the order of `changesFrom`. */
const kinds: readonly Change['kind'][] = ['balancer', 'orders', 'node', 'contexts', 'load']

const newline = 0x0a
/** Longer than any first line. */
const headMax = 128

/** @returns `undefined` when it is damaged. */
function readPart(
  bytes: Buffer,
  at: number,
  format: string,
): { value: unknown; end: number } | undefined {
  const head = bytes.toString('latin1', at, at + headMax).split('\n', 1)[0] as string
  const length = Number(head.split(' ')[2])
  const begin = at + head.length + 1
  const body = bytes.subarray(begin, begin + length)
  if (bytes[begin - 1] !== newline || head !== headOf(format, body)) return undefined
  return { value: JSON.parse(body.toString()), end: begin + length }
}

/** With `?`: or absent. The fields of an `object?` are optional for every reader. */
type Shape<T> = {
  readonly [K in keyof Required<T>]:
    | 'string'
    | 'string?'
    | 'number'
    | 'number?'
    | 'boolean'
    | 'true?'
    | 'object?'
    | 'rows'
}

const balancerShape: Shape<Balancer> = {
  name: 'string',
  slot: 'number',
  sticky: 'boolean',
  cookie: 'string',
  pathParameter: 'string',
  stickyRemove: 'boolean',
  stickyForce: 'boolean',
  isForceDefault: 'true?',
  waitMs: 'number',
  maxAttempts: 'number',
}

const nodeShape: Shape<Node> = {
  id: 'number',
  slot: 'number',
  removal: 'string',
  fixed: 'boolean',
  ...nodeSettingTypes,
  from: 'string?',
  own: 'object?',
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

const ordersShape: Shape<Orders> = {
  route: 'string',
  node: 'string?',
  contexts: 'rows',
  ejected: 'true?',
  weight: 'number?',
}

const contextOrderShape: Shape<ContextOrder> = { alias: 'string', path: 'string', status: 'string' }

const writerShape: Shape<StateWriter> = { pid: 'number', machine: 'string' }

/** The checksum is right here, but another version with other fields may have written the file. */
function isState(value: unknown): value is SavedState {
  if (!isObject(value) || !fits(value['writer'], writerShape)) return false
  return areChanges(value['changes'])
}

function areChanges(value: unknown): value is readonly Change[] {
  return Array.isArray(value) && value.every(isChange)
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
    case 'gone':
      return typeof value['id'] === 'number'
    case 'balancer-gone':
      return typeof value['name'] === 'string'
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
  let known = 0
  for (const name in shape) {
    const of = Object.hasOwn(value, name) ? value[name] : undefined
    if (!fitsAs(of, shape[name] as string)) return false
    if (of !== undefined) known += 1
  }
  return Object.keys(value).length === known
}

function fitsAs(of: unknown, type: string): boolean {
  switch (type) {
    case 'rows':
      return Array.isArray(of)
    case 'true?':
      return of === undefined || of === true
    case 'object?':
      return of === undefined || isObject(of)
    case 'number?':
      return of === undefined || typeof of === 'number'
    case 'string?':
      return of === undefined || typeof of === 'string'
    default:
      return typeof of === type
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
