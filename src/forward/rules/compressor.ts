// Compresses the body of one response by the zlib of Node.js, in its threads. What waits here is bounded: the node is read
// no further while the compressor has enough to do, and the compressor rests while the client reads slower.

import {
  type BrotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  type Gzip,
} from 'node:zlib'
import { ruleLimits } from '../../base/limits.ts'
import type { Coding } from '../../wire/http/accept-encoding.ts'

/** The exchange whose response is compressed. */
export interface CompressedReceiver {
  /** A piece of the compressed body. @returns false when the client reads slower: `resume` is awaited. */
  compressed(bytes: Buffer): boolean
  /** Enough has been compressed after `write` has returned false. */
  compressorDrained(): void
  /** All of the compressed body has been passed. */
  compressedAll(): void
  /** The compressor, or the receiver, has thrown. */
  compressionFailed(error: unknown): void
}

let running = 0

export class Compressor {
  readonly coding: Coding
  readonly #stream: Gzip | BrotliCompress
  #isDestroyed = false

  /** @returns `undefined` when this process compresses as many bodies as it may. */
  static begin(coding: Coding, receiver: CompressedReceiver): Compressor | undefined {
    if (running >= ruleLimits.compressorsMax) return undefined
    return new Compressor(coding, receiver)
  }

  private constructor(coding: Coding, receiver: CompressedReceiver) {
    this.coding = coding
    this.#stream = coding === 'br' ? brotli() : gzip()
    running++
    this.#stream
      .on('data', (bytes: Buffer) =>
        this.#guard(receiver, () => {
          if (!receiver.compressed(bytes)) this.#stream.pause()
        }),
      )
      .on('drain', () => this.#guard(receiver, () => receiver.compressorDrained()))
      .on('end', () => this.#guard(receiver, () => receiver.compressedAll()))
      .on('error', (error) => this.#guard(receiver, () => receiver.compressionFailed(error)))
      .on('close', () => running--)
  }

  /**
   * Takes a copy. Each piece is flushed, because the node may wait behind it.
   * @returns false when it has enough: `compressorDrained` follows.
   */
  write(bytes: Uint8Array): boolean {
    return this.#stream.write(Buffer.from(bytes))
  }

  /** Nothing more follows. */
  end(): void {
    this.#stream.end()
  }

  /** The client has read what it was sent. */
  resume(): void {
    this.#stream.resume()
  }

  /** The receiver is called no more. */
  destroy(): void {
    this.#isDestroyed = true
    this.#stream.destroy()
  }

  #guard(receiver: CompressedReceiver, call: () => void): void {
    if (this.#isDestroyed) return
    try {
      call()
    } catch (error) {
      receiver.compressionFailed(error)
    }
  }
}

const gzip = (): Gzip => createGzip({ level: 5, flush: constants.Z_SYNC_FLUSH })

const brotli = (): BrotliCompress =>
  createBrotliCompress({
    flush: constants.BROTLI_OPERATION_FLUSH,
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 4,
      // A window of 256 KiB bounds the memory of one compressor.
      [constants.BROTLI_PARAM_LGWIN]: 18,
    },
  })
