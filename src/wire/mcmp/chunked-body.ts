// Collects a chunked body from a byte queue [RFC 9112 7.1]. Extensions and trailers are validated and dropped; every length is
// limited. Called by the frame reader.

import type { ByteQueue } from './byte-queue.ts'
import { readFieldLine } from './field-line.ts'

type ChunkedRead = 'more' | 'done' | 'too-big' | 'bad'

interface ChunkedLimits {
  readonly messageBytesMax: number
  readonly chunkLineBytesMax: number
}

export class ChunkedBody {
  readonly #limits: ChunkedLimits
  readonly #parts: Uint8Array[] = []
  #length = 0
  #state: 'size' | 'data' | 'trailer' = 'size'
  #chunk = 0
  #trailerBytes = 0

  constructor(limits: ChunkedLimits) {
    this.#limits = limits
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts, this.#length)
  }

  read(queue: ByteQueue): ChunkedRead {
    for (;;) {
      const step = this.#step(queue)
      if (step !== undefined) return step
    }
  }

  /** @returns `undefined` after one element was read; the next one may follow. */
  #step(queue: ByteQueue): ChunkedRead | undefined {
    if (this.#state === 'data') return this.#data(queue)
    const end = queue.indexOf('\r\n')
    if ((end < 0 ? queue.length : end) > this.#limits.chunkLineBytesMax) return 'bad'
    if (end < 0) return 'more'
    const line = Buffer.from(queue.shift(end + 2).subarray(0, end)).toString('latin1')
    return this.#state === 'size' ? this.#size(line) : this.#trailer(line)
  }

  #size(line: string): ChunkedRead | undefined {
    const semicolon = line.indexOf(';')
    const size = semicolon < 0 ? line : line.slice(0, semicolon)
    const extensions = semicolon < 0 ? '' : line.slice(semicolon)
    const match = (semicolon < 0 ? sizeAlone : sizeBefore).exec(size)
    if (match === null || !extension.test(extensions)) return 'bad'
    this.#chunk = Number.parseInt(match[1]!, 16)
    if (this.#length + this.#chunk > this.#limits.messageBytesMax) return 'too-big'
    this.#state = this.#chunk === 0 ? 'trailer' : 'data'
    return undefined
  }

  #data(queue: ByteQueue): ChunkedRead | undefined {
    if (queue.length < this.#chunk + 2) return 'more'
    const bytes = queue.shift(this.#chunk)
    if (!queue.startsWith('\r\n')) return 'bad'
    queue.skip(2)
    this.#parts.push(bytes)
    this.#length += bytes.length
    this.#state = 'size'
    return undefined
  }

  #trailer(line: string): ChunkedRead | undefined {
    if (line === '') return 'done'
    this.#trailerBytes += line.length
    if (this.#trailerBytes > this.#limits.chunkLineBytesMax) return 'bad'
    return readFieldLine(line) === undefined ? 'bad' : undefined
  }
}

const sizeAlone = /^([0-9A-Fa-f]{1,8})$/
/** White space before the extensions is bad form and allowed [RFC 9112 7.1.1]. */
const sizeBefore = /^([0-9A-Fa-f]{1,8})[ \t]*$/
const extension = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
