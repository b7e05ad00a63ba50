// Types, flags and heads of frames [RFC 9113 4.1, 6], and the frames with which this side controls a connection.

import type { Out } from '../http/out.ts'

export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9
/** [RFC 9218 7.1] */
export const PRIORITY_UPDATE = 16

export const END_STREAM = 0x1
/** Of SETTINGS and PING. */
export const ACK = 0x1
export const END_HEADERS = 0x4
export const PADDED = 0x8
/** HEADERS begins with the fields of PRIORITY. */
export const WITH_PRIORITY = 0x20

export const frameHeadBytes = 9

/** The first bytes of a client [RFC 9113 3.4]. */
export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Whether bytes[0..length), at most a preface long, begin one. */
export function beginsPreface(bytes: Buffer, length: number): boolean {
  const to = Math.min(length, preface.length)
  return preface.compare(bytes, 0, to, 0, to) === 0
}

export function writeFrameHead(
  out: Out,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  out.uint24(length)
  out.byte(type)
  out.byte(flags)
  out.uint32(stream)
}

export function writeReset(out: Out, stream: number, code: number): void {
  writeFrameHead(out, 4, RST_STREAM, 0, stream)
  out.uint32(code)
}

export function writeWindowUpdate(out: Out, stream: number, bytes: number): void {
  writeFrameHead(out, 4, WINDOW_UPDATE, 0, stream)
  out.uint32(bytes)
}

export function writeGoaway(out: Out, lastStream: number, code: number): void {
  writeFrameHead(out, 8, GOAWAY, 0, 0)
  out.uint32(lastStream)
  out.uint32(code)
}

/** @param data 8 bytes. */
export function writePing(out: Out, data: Uint8Array, isAck: boolean): void {
  writeFrameHead(out, data.length, PING, isAck ? ACK : 0, 0)
  out.raw(data)
}
