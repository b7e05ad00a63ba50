// The output of one connection of HTTP/2: all frames of a turn of the event loop leave in one write; while the socket is
// full no answer is added, and afterwards the streams that hold bytes send a frame each in turn, by their priority.

import { http2Limits } from '../../base/limits.ts'
import type { Connection } from '../../net/connection.ts'
import { Out } from '../../wire/http/out.ts'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frameHeadBytes,
  HEADERS,
  writeFrameHead,
} from '../../wire/http2/frames.ts'
import type { Priority } from '../../wire/http2/priority.ts'
import { initialWindowBytes } from '../../wire/http2/settings.ts'
import type { Http2Shared } from './http2-shared.ts'

/** A stream as the output sees it. */
export interface Sender {
  readonly id: number
  readonly priority: Priority
  /** Bytes of DATA that its client accepts; below 0 after SETTINGS have reduced it. */
  sendWindow: number
  /** Held bytes. */
  readonly pending: number
  /** Whether held bytes can be sent: the window is open, or only the end is left. */
  readonly maySend: boolean
  /** Sends a frame of what it holds. @returns whether it holds more. */
  sendHeld(): boolean
}

const { frameBytesMax } = http2Limits

/** A size of 0: nothing is kept in it. */
const emptyTable = 0x20

export class Http2Output {
  /** Bytes of DATA that the client accepts on the connection. */
  window: number = initialWindowBytes
  /** The socket has not sent all of the last write. */
  isFull = false
  /** When DATA was sent last, ticker time. */
  movedAt = 0
  /** Frames of DATA so far, and their bytes. */
  dataFrames = 0
  dataBytes = 0
  /** The other side's table has become smaller, which the next field block must confirm [RFC 7541 4.2]. */
  owesTableSize = false
  readonly #connection: Connection
  readonly #shared: Http2Shared
  readonly #now: () => number
  #out: Out | undefined
  /** Of field blocks that wait because the socket is full. */
  #headBytes = 0
  readonly #held: Set<Sender> = new Set()

  constructor(connection: Connection, shared: Http2Shared, now: () => number) {
    this.#connection = connection
    this.#shared = shared
    this.#now = now
  }

  /** For frames that control the connection, and heads. They leave with the next `flush`. */
  get frames(): Out {
    if (this.#out === undefined) {
      this.#out = this.#shared.leaseOut()
      this.#shared.flushLater(this)
    }
    return this.#out
  }

  /** Bytes of frames that wait because the socket is full, without those of heads. */
  get controlBytes(): number {
    return this.isFull && this.#out !== undefined ? this.#out.length - this.#headBytes : 0
  }

  /** Bytes that the streams hold. */
  get heldBytes(): number {
    let bytes = 0
    for (const sender of this.#held) bytes += sender.pending
    return bytes
  }

  /** Sends a field block. */
  head(stream: number, block: Out, isLast: boolean): void {
    if (this.owesTableSize) {
      this.owesTableSize = false
      const sized = new Out(block.length + 1)
      sized.byte(emptyTable)
      sized.copy(block.bytes, 0, block.length)
      return this.head(stream, sized, isLast)
    }
    const out = this.frames
    const end = isLast ? END_STREAM : 0
    const { bytes, length } = block
    if (this.isFull) this.#headBytes += length + frameHeadBytes
    if (length <= frameBytesMax) {
      writeFrameHead(out, length, HEADERS, END_HEADERS | end, stream)
      return out.copy(bytes, 0, length)
    }
    for (let at = 0; at < length; at += frameBytesMax) {
      const to = Math.min(length, at + frameBytesMax)
      const flags = (to === length ? END_HEADERS : 0) | (at === 0 ? end : 0)
      writeFrameHead(out, to - at, at === 0 ? HEADERS : CONTINUATION, flags, stream)
      out.copy(bytes, at, to)
    }
  }

  /** Sends as much of bytes[from..to) as is accepted. @returns the offset after that. */
  data(sender: Sender, bytes: Uint8Array, from: number, to: number, isLast: boolean): number {
    let at = from
    while (at < to && !this.isFull) {
      const size = Math.min(frameBytesMax, to - at, sender.sendWindow, this.window)
      if (size <= 0) break
      const out = this.frames
      const isEnd = isLast && at + size === to
      writeFrameHead(out, size, DATA, isEnd ? END_STREAM : 0, sender.id)
      out.copy(bytes as Buffer, at, at + size)
      sender.sendWindow -= size
      this.window -= size
      this.dataFrames++
      this.dataBytes += size
      at += size
      if (out.length >= http2Limits.outBytesMax) this.flush()
    }
    if (at > from) this.movedAt = this.#now()
    return at
  }

  /** Ends a stream without more bytes. */
  end(stream: number): void {
    writeFrameHead(this.frames, 0, DATA, END_STREAM, stream)
  }

  hold(sender: Sender): void {
    this.#held.add(sender)
  }

  release(sender: Sender): void {
    this.#held.delete(sender)
  }

  /** The windows have grown, or the socket has sent everything. */
  pump(): void {
    while (!this.isFull) {
      const next = this.#next()
      if (next === undefined) return
      this.#held.delete(next)
      if (next.sendHeld()) this.#held.add(next)
    }
  }

  #next(): Sender | undefined {
    let next: Sender | undefined
    for (const sender of this.#held) {
      if (!sender.maySend) continue
      if (next === undefined || isBefore(sender, next)) next = sender
    }
    return next
  }

  /** Writes the frames to the socket. */
  flush(): void {
    const out = this.#out
    if (out === undefined || this.isFull) return
    this.#out = undefined
    this.isFull = !this.#connection.write(out.content)
    // Otherwise the socket still sends from the buffer, which is left to it.
    if (!this.isFull || this.#connection.keepsBytes) this.#shared.releaseOut(out)
  }

  /** Writes them even if the socket is full; no others follow. */
  flushLast(): void {
    if (this.#out !== undefined) this.#connection.write(this.#out.content)
    this.#out = undefined
  }

  /** The socket has sent everything. */
  drained(): void {
    this.isFull = false
    this.#headBytes = 0
    this.flush()
    this.pump()
  }

  /** The connection is closed. */
  drop(): void {
    if (this.#out !== undefined) this.#shared.releaseOut(this.#out)
    this.#out = undefined
    this.isFull = true
    this.#held.clear()
  }
}

/** The more urgent one; of two that are useful only as a whole, the older [RFC 9218 10]. */
function isBefore(a: Sender, b: Sender): boolean {
  if (a.priority.urgency !== b.priority.urgency) return a.priority.urgency < b.priority.urgency
  if (a.priority.incremental || b.priority.incremental) return false
  return a.id < b.id
}
