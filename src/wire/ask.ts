// Datagrams by which a server asks a peer how much room it has at this moment, and their answers: text with a signature
// (announcement-key.ts), like announcements.

import { askLimits } from '../base/limits.ts'
import type { KeyRing, SealFault } from './announcement-key.ts'

/** How much room a server has. */
export interface RoomReport {
  /** Requests in progress, without upgraded and long ones. */
  readonly inHand: number
  /** Expected service time of a request, ms; 0 if unknown. */
  readonly ms: number
  /** Requests that the server processes at once, at least 1. */
  readonly knee: number
  /** Factor by which errors raise the cost of a request there: 1 without errors. */
  readonly errorFactor: number
}

interface AskHead {
  /** Of the question, not to be guessed: 16 hexadecimal digits. The answer repeats it. */
  readonly id: string
  /** Wall time of sending, ms. */
  readonly time: number
}

export type AskDatagram =
  | ({ readonly kind: 'question' } & AskHead)
  | ({ readonly kind: 'answer'; readonly room: RoomReport } & AskHead)

/** Why a datagram is refused. */
export type AskFault = 'foreign' | 'version' | 'malformed' | 'too-long' | SealFault

const prefix = 'topspin-ask/'
const firstLine = `${prefix}1`
const number = '(\\d{1,10}(?:\\.\\d{1,3})?)'
const form = new RegExp(
  `^(?:question|answer) ([0-9a-f]{16}) (\\d{1,15})\\n(?:room ${number} ${number} ${number} ${number}\\n)?$`,
)

/** Whether a datagram of the announcements' socket is a question or an answer, of any version. */
export function isAsk(bytes: Buffer): boolean {
  return bytes[8] === prefix.charCodeAt(8) && bytes.toString('latin1', 0, prefix.length) === prefix
}

export function writeQuestion({ id, time }: AskHead, keys: KeyRing): Buffer {
  return keys.seal(`${firstLine}\nquestion ${id} ${time}\n`)
}

export function writeAnswer({ id, time }: AskHead, room: RoomReport, keys: KeyRing): Buffer {
  const { inHand, ms, knee, errorFactor } = room
  const figures = [inHand, ms, knee, errorFactor].map(figureText).join(' ')
  return keys.seal(`${firstLine}\nanswer ${id} ${time}\nroom ${figures}\n`)
}

/** Parses a datagram. Never throws; cheap checks are first. */
export function readAsk(bytes: Buffer, keys: KeyRing): AskDatagram | AskFault {
  if (bytes.length > askLimits.bytesMax) return 'too-long'
  if (!isAsk(bytes)) return 'foreign'
  const length = keys.open(bytes)
  if (typeof length === 'string') return length
  const text = bytes.toString('latin1', 0, length)
  if (!text.startsWith(`${firstLine}\n`)) return 'version'
  const body = text.slice(firstLine.length + 1)
  const match = form.exec(body)
  if (match === null) return 'malformed'
  const [, id = '', time, inHand, ms, knee, errorFactor] = match
  const head = { id, time: Number(time) }
  if (body.startsWith('question')) {
    return inHand === undefined ? { kind: 'question', ...head } : 'malformed'
  }
  const room = {
    inHand: Number(inHand),
    ms: Number(ms),
    knee: Number(knee),
    errorFactor: Number(errorFactor),
  }
  // Also without figures, which are NaN then.
  if (!(room.knee >= 1 && room.errorFactor >= 1)) return 'malformed'
  return { kind: 'answer', ...head, room }
}

/** The form that the parser accepts: at most three decimals, no exponent. */
const figureText = (value: number): string =>
  String(Number(Math.min(9_999_999_999, Math.max(0, value)).toFixed(3)))
