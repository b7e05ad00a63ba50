// Frames, wherever the reads of a connection end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FrameHandler, FrameReader } from '../../../../src/wire/http2/frame-reader.ts'
import { DATA, PADDED, PING, SETTINGS } from '../../../../src/wire/http2/frames.ts'
import { frame } from '../../../support/http2-frames.ts'

class Recorder implements FrameHandler {
  isOver = false
  /** The pieces of DATA are joined. */
  readonly seen: string[] = []
  #data = ''
  frameBegins(type: number, flags: number, stream: number, length: number): boolean {
    this.seen.push(`begins ${type} ${flags} ${stream} ${length}`)
    return true
  }
  frame(
    type: number,
    _flags: number,
    _stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    this.seen.push(`frame ${type} ${bytes.toString('latin1', from, to)}`)
  }
  data(bytes: Buffer, from: number, to: number): void {
    this.#data += bytes.toString('latin1', from, to)
  }
  dataEnds(flags: number): void {
    this.seen.push(`data ${flags} ${this.#data}`)
    this.#data = ''
  }
  badPadding(): void {
    this.seen.push('bad padding')
    this.isOver = true
  }
}

const padded = (padding: number, data: string): Buffer =>
  Buffer.concat([Buffer.from([padding]), Buffer.from(data), Buffer.alloc(padding)])

const all = Buffer.concat([
  frame(SETTINGS, 0, 0),
  frame(PING, 0, 0, Buffer.from('12345678')),
  frame(DATA, 0, 1, Buffer.from('hello')),
  frame(DATA, PADDED, 3, padded(3, 'there')),
  frame(DATA, PADDED, 3, padded(0, '')),
  frame(DATA, 1, 0x8000_0005),
  frame(200, 7, 9, Buffer.from('unknown')),
])
const expected = [
  'begins 4 0 0 0',
  'frame 4 ',
  'begins 6 0 0 8',
  'frame 6 12345678',
  'begins 0 0 1 5',
  'data 0 hello',
  'begins 0 8 3 9',
  'data 8 there',
  'begins 0 8 3 1',
  'data 8 ',
  'begins 0 1 5 0',
  'data 1 ',
  'begins 200 7 9 7',
  'frame 200 unknown',
]

test('frames are the same wherever a read ends', () => {
  for (let cut = 0; cut <= all.length; cut++) {
    const recorder = new Recorder()
    const reader = new FrameReader()
    reader.read(all, 0, cut, recorder)
    reader.read(all, cut, all.length, recorder)
    assert.deepEqual(recorder.seen, expected, `cut at ${cut}`)
  }
})

test('frames are the same byte by byte, in a buffer that is used again', () => {
  const recorder = new Recorder()
  const reader = new FrameReader()
  const one = Buffer.alloc(1)
  for (const byte of all) {
    one[0] = byte
    reader.read(one, 0, 1, recorder)
  }
  assert.deepEqual(recorder.seen, expected)
})

test('padding as long as the payload is refused, and nothing is read behind it', () => {
  for (const payload of [Buffer.from([1]), Buffer.from([5, 1, 2, 3, 4]), Buffer.alloc(0)]) {
    const recorder = new Recorder()
    const bytes = Buffer.concat([frame(DATA, PADDED, 1, payload), all])
    new FrameReader().read(bytes, 0, bytes.length, recorder)
    assert.equal(recorder.seen.at(-1), 'bad padding')
    assert.equal(recorder.seen.length, 2)
  }
})
