import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goingAway, WebSocketFrames } from '../../../src/wire/websocket-frames.ts'

function frame(first: number, length: number): Buffer {
  const payload = Buffer.alloc(length, 0x88)
  if (length < 126) return Buffer.concat([Buffer.of(first, length), payload])
  const head = Buffer.alloc(length < 65_536 ? 4 : 10)
  head[0] = first
  head[1] = length < 65_536 ? 126 : 127
  if (length < 65_536) head.writeUInt16BE(length, 2)
  else head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

function after(...pieces: readonly Uint8Array[]): boolean {
  const frames = new WebSocketFrames()
  for (const piece of pieces) frames.passed(piece, 0, piece.length)
  return frames.mayClose
}

const bytesOf = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.of(byte))

test('a Close frame may follow whole frames of every length, however they arrive', () => {
  assert.equal(after(), true)
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    const whole = frame(0x82, length)
    assert.equal(after(whole), true, `${length}`)
    assert.equal(after(...bytesOf(whole)), true, `${length} byte by byte`)
    assert.equal(after(whole, frame(0x89, 3), whole), true, `${length} thrice`)
  }
})

test('no Close frame may follow a part of a frame', () => {
  for (const length of [0, 1, 126, 70_000]) {
    const whole = frame(0x01, length)
    for (const size of [1, 2, 3, 9, length - 1, whole.length - 1]) {
      if (size < 1 || size >= whole.length) continue
      assert.equal(after(whole.subarray(0, size)), false, `${size} of ${length}`)
    }
  }
})

test('no Close frame may follow a Close frame, nor bytes that are no frames of a server', () => {
  assert.equal(after(goingAway), false)
  assert.equal(after(frame(0x81, 5), frame(0x88, 0)), false)
  assert.equal(after(Buffer.of(0x81, 0x85, 1, 2, 3, 4, 5, 6, 7, 8, 9)), false, 'masked')
  assert.equal(after(Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255])), false)
})

test('only the bytes of the range count', () => {
  const frames = new WebSocketFrames()
  frames.passed(Buffer.of(0x88, 0x88, 0x81, 1, 65, 0x88), 2, 5)
  assert.equal(frames.mayClose, true)
})
