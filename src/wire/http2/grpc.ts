// gRPC over HTTP/2, as far as a proxy reads and writes it (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md and
// doc/http-grpc-status-mapping.md).

import { hasAt } from '../http/bytes.ts'
import type { Out } from '../http/out.ts'
import { writeInteger } from './answer-block.ts'

const type = Buffer.from('application/grpc')
const PLUS = 0x2b
const SEMICOLON = 0x3b
const STATUS_200 = 0x88
const CONTENT_TYPE = 31

const UNKNOWN = 2
export const DEADLINE_EXCEEDED = 4
const UNAVAILABLE = 14

/** Whether bytes[from..to) is the content type of a call: `application/grpc`, also with `+proto` and the like. */
export function isGrpc(bytes: Buffer, from: number, to: number): boolean {
  const end = from + type.length
  if (to < end || !hasAt(bytes, from, type)) return false
  return to === end || bytes[end] === PLUS || bytes[end] === SEMICOLON
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
])

/** The value of `grpc-timeout` in ms, rounded up; Infinity when it is not valid. */
export function readGrpcTimeout(value: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? []
  const ms = Number(digits) * (unitMs.get(unit) ?? Number.NaN)
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : Math.ceil(ms)
}

const statuses: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [408, UNAVAILABLE],
  [429, UNAVAILABLE],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, UNAVAILABLE],
])

/** The status of a call that fails with this status of HTTP. */
export const grpcStatusOf = (status: number): number => statuses.get(status) ?? UNKNOWN

const statusName = Buffer.from('grpc-status')
const messageName = Buffer.from('grpc-message')

/** Writes the field block of a response that consists of a status alone. */
export function writeGrpcFailure(status: number, message: string, out: Out): void {
  out.byte(STATUS_200)
  writeInteger(0, 4, CONTENT_TYPE, out)
  writeInteger(0, 7, type.length, out)
  out.raw(type)
  writeLiteral(statusName, String(status), out)
  writeLiteral(messageName, message.replace(/[^\x20-\x7e]|%/g, encodeURIComponent), out)
}

function writeLiteral(name: Buffer, value: string, out: Out): void {
  out.byte(0)
  writeInteger(0, 7, name.length, out)
  out.raw(name)
  writeInteger(0, 7, value.length, out)
  out.latin1(value)
}
