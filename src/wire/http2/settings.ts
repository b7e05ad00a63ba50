// SETTINGS [RFC 9113 6.5]: those of this side, and the check of those of the other one, a client or a node.

import { http2Limits } from '../../base/limits.ts'
import type { Out } from '../http/out.ts'
import { FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR } from './codes.ts'
import { SETTINGS, writeFrameHead, writeWindowUpdate } from './frames.ts'

const HEADER_TABLE_SIZE = 1
const ENABLE_PUSH = 2
const MAX_CONCURRENT_STREAMS = 3
const INITIAL_WINDOW_SIZE = 4
const MAX_FRAME_SIZE = 5
const MAX_HEADER_LIST_SIZE = 6
/** [RFC 8441 3] */
const ENABLE_CONNECT_PROTOCOL = 8
/** [RFC 9218 2.1] */
const NO_RFC7540_PRIORITIES = 9

/** Windows before SETTINGS and WINDOW_UPDATE. */
export const initialWindowBytes = 65_535
export const windowBytesMax = 0x7fff_ffff

type Entries = readonly (readonly [id: number, value: number])[]

const toClients: Entries = [
  [MAX_CONCURRENT_STREAMS, http2Limits.streamsMax],
  [INITIAL_WINDOW_SIZE, http2Limits.streamWindowBytes],
  [MAX_HEADER_LIST_SIZE, http2Limits.fieldListBytesMax],
  [ENABLE_CONNECT_PROTOCOL, 1],
  [NO_RFC7540_PRIORITIES, 1],
]

const toNodes: Entries = [
  [ENABLE_PUSH, 0],
  [INITIAL_WINDOW_SIZE, http2Limits.streamWindowBytes],
  [MAX_HEADER_LIST_SIZE, http2Limits.fieldListBytesMax],
]

/** The first frames of this side to a client. */
export function writeOwnSettings(out: Out): void {
  writeEntries(out, toClients)
}

/** The same to a node, behind the preface. */
export function writeNodeSettings(out: Out): void {
  writeEntries(out, toNodes)
}

function writeEntries(out: Out, entries: Entries): void {
  writeFrameHead(out, entries.length * 6, SETTINGS, 0, 0)
  for (const [id, value] of entries) {
    out.byte(id >> 8)
    out.byte(id)
    out.uint32(value)
  }
  writeWindowUpdate(out, 0, http2Limits.connectionWindowBytes - initialWindowBytes)
}

/** The settings of the other side that this side uses. */
export interface RemoteSettings {
  /** The window of a new stream for what this side sends. */
  windowBytes: number
  /** Streams that this side may have open at a time. */
  streamsMax: number
  /** The decoder's table, which its next field block must not exceed. */
  tableBytes: number
  /** It takes the extended CONNECT [RFC 8441]. */
  acceptsConnect: boolean
}

export const initialSettings = (): RemoteSettings => ({
  windowBytes: initialWindowBytes,
  streamsMax: Number.POSITIVE_INFINITY,
  tableBytes: http2Limits.tableBytesMax,
  acceptsConnect: false,
})

/** Reads the entries of a frame in order. @returns an error code, or 0. */
export function readSettings(payload: Buffer, settings: RemoteSettings): number {
  if (payload.length % 6 !== 0) return FRAME_SIZE_ERROR
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at)
    const value = payload.readUInt32BE(at + 2)
    switch (id) {
      case HEADER_TABLE_SIZE:
        settings.tableBytes = Math.min(settings.tableBytes, value)
        break
      case MAX_CONCURRENT_STREAMS:
        settings.streamsMax = value
        break
      case ENABLE_CONNECT_PROTOCOL:
        // It is not taken back [RFC 8441 3].
        if (value > 1 || (value === 0 && settings.acceptsConnect)) return PROTOCOL_ERROR
        settings.acceptsConnect = value === 1
        break
      case ENABLE_PUSH:
      case NO_RFC7540_PRIORITIES:
        if (value > 1) return PROTOCOL_ERROR
        break
      case INITIAL_WINDOW_SIZE:
        if (value > windowBytesMax) return FLOW_CONTROL_ERROR
        settings.windowBytes = value
        break
      case MAX_FRAME_SIZE:
        // Frames of the least size are sent, which every recipient accepts.
        if (value < 16_384 || value > 0xff_ffff) return PROTOCOL_ERROR
        break
    }
  }
  return 0
}
