// Buffers that connections use again: one for short reads, larger ones for bodies, and those in which requests and
// responses are assembled.

import { Out } from '../../wire/http/out.ts'

/** The most that one read returns, bytes: a response of 64 KB with its head fits. */
const readBytes = 81_920

/** Greatest growth of a head by added fields, bytes. */
const headRoomBytes = 16_384

/** Read buffers kept for later. */
const keptReadsMax = 256

/** Request buffers kept for later, and the first size of each: a request head of the usual size fits. */
const keptOutsMax = 1_024
const outBytes = 4_096

export class Buffers {
  /** Bytes that are processed within the call in which they arrive; all connections read into this one. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(readBytes)
  /** The response that is assembled now; empty between two calls. */
  readonly answer: Out = new Out(readBytes + headRoomBytes)
  readonly #reads: Buffer[] = []
  readonly #outs: Out[] = []

  /** A read buffer for one connection, for bytes that must outlive the call. */
  leaseRead(): Buffer {
    return this.#reads.pop() ?? Buffer.allocUnsafeSlow(readBytes)
  }
  releaseRead(buffer: Buffer): void {
    if (this.#reads.length < keptReadsMax) this.#reads.push(buffer)
  }

  /** A buffer in which one request is assembled and kept until it is answered. */
  leaseOut(): Out {
    return this.#outs.pop() ?? new Out(outBytes)
  }
  releaseOut(out: Out): void {
    out.clear()
    if (this.#outs.length < keptOutsMax) this.#outs.push(out)
  }
}
