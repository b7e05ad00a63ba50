// What the connections of HTTP/2 of one process share: buffers in which requests are written, the output of a turn of the
// event loop, and the bytes that they hold together.

import { http2Limits } from '../../base/limits.ts'
import { Out } from '../../wire/http/out.ts'
import { RequestBlock } from '../../wire/http2/request-block.ts'
import { RequestText } from '../../wire/http2/request-text.ts'
import { ResponseText } from '../../wire/http2/response-text.ts'
import { TrailerText } from '../../wire/http2/trailer-text.ts'

/** A connection with frames that have not been written to its socket. */
export interface Flushed {
  flush(): void
}

/** A stream with bytes of an answer that its client does not read. */
export interface Stalled {
  displace(): void
}

const outBytes = 32_768
const outsMax = 64

export class Http2Shared {
  /** The heads of the requests of one read. */
  readonly request: RequestText = new RequestText(new Out(16_384))
  readonly trailers: TrailerText = new TrailerText(new Out(1_024))
  /** One request with what has arrived of its body, or one piece of a body in chunks. */
  readonly body: Out = new Out(32_768)
  /** One field block of an answer, or of a request to a node. */
  readonly block: Out = new Out(4_096)
  /** The response of a node as the bytes of HTTP/1.1, as far as one read has it. */
  readonly response: Out = new Out(81_920)
  readonly responseText: ResponseText = new ResponseText()
  readonly requestBlock: RequestBlock = new RequestBlock()
  /** One piece of a request to a node, without the framing of HTTP/1.1. */
  readonly decoded: Out = new Out(32_768)
  /** Bytes of requests that are held: heads that wait for their turn, and bodies that nodes have not taken. */
  waitingBytes = 0
  receivedBytes = 0
  readonly #outs: Out[] = []
  readonly #flushed: Set<Flushed> = new Set()
  /** With held bytes of answers, the longest first. */
  readonly #stalled: Map<Stalled, number> = new Map()
  #stalledBytes = 0

  /** A buffer for the output of one connection. */
  leaseOut(): Out {
    return this.#outs.pop() ?? new Out(outBytes)
  }
  releaseOut(out: Out): void {
    out.clear()
    if (this.#outs.length < outsMax) this.#outs.push(out)
  }

  /** Calls `flush` once, after all events of this turn of the event loop. */
  flushLater(connection: Flushed): void {
    if (this.#flushed.size === 0) setImmediate(this.#flush)
    this.#flushed.add(connection)
  }

  readonly #flush = (): void => {
    const flushed = [...this.#flushed]
    this.#flushed.clear()
    for (const connection of flushed) connection.flush()
  }

  /** The stream holds so many bytes now. When all of them hold too many, the one that has stalled longest gives way. */
  noteStalled(stream: Stalled, bytes: number): void {
    this.#stalledBytes += bytes - (this.#stalled.get(stream) ?? 0)
    if (bytes === 0) this.#stalled.delete(stream)
    else this.#stalled.set(stream, bytes)
    if (this.#stalledBytes <= http2Limits.heldBytesOfAllMax) return
    const [oldest] = this.#stalled.keys()
    oldest?.displace()
  }
}
