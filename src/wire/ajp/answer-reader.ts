// Converts the packets of a container to HTTP/1.1 bytes, and counts its requests for pieces of the request body. Packets may be
// split anywhere; body data is passed on before its packet is complete. Pure.

import { writeChunk, writeLastChunk } from '../http/chunked.ts'
import type { Out } from '../http/out.ts'
import { AnswerHead } from './answer-head.ts'
import { CPONG, END_RESPONSE, GET_BODY_CHUNK, SEND_BODY_CHUNK, SEND_HEADERS } from './codes.ts'

/** The packets that are allowed next. */
type Expected = 'nothing' | 'pong' | 'head' | 'body'

const HEAD = 0
const KIND = 1
const CONTENT = 2
const DATA_LENGTH = 3
const DATA = 4
/** The zero byte after the data. */
const TAIL = 5

const magic = 0x4142

export class AnswerReader {
  /** CPONG has been received. */
  ponged = false
  /** The response is complete. */
  ended = false
  /** The connection can be used for another request. */
  reusable = true
  /** GET_BODY_CHUNK packets in the last bytes, and the size that the last of them asks for. */
  asks = 0
  askedBytes = 0

  readonly #head: AnswerHead = new AnswerHead()
  #expected: Expected = 'nothing'
  #toHead = false
  /** Bytes of the body that are missing; -1 when the length is unknown. */
  #bodyLeft = 0
  #state = HEAD
  #kind = 0
  /** Bytes of the packet that are missing. */
  #left = 0
  #data = 0

  // The bytes of the present call.
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** Collected bytes: #source[#from..). */
  #source: Buffer = this.#bytes
  #from = 0
  /** The first part of an incomplete packet, from earlier calls. */
  #kept: Buffer | undefined
  #have = 0

  /** CPING has been sent. */
  expectPong(): void {
    this.#expected = 'pong'
    this.ponged = false
  }

  /** A request has been sent. */
  expectAnswer(toHead: boolean): void {
    this.#expected = 'head'
    this.#toHead = toHead
    this.ended = false
  }

  /**
   * Parses bytes[0..length) and writes the HTTP/1.1 form to `out`.
   * @returns a problem; the connection cannot be used any more then.
   */
  read(bytes: Buffer, length: number, out: Out): string | undefined {
    this.#bytes = bytes
    this.#at = 0
    this.#end = length
    this.asks = 0
    while (this.#at < this.#end) {
      if (this.#expected === 'nothing') {
        // Bytes after the end of a response: the response is good, the connection is not reused.
        if (!this.ended) return 'unexpected bytes'
        this.reusable = false
        return undefined
      }
      const problem = this.#step(out)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #step(out: Out): string | undefined {
    switch (this.#state) {
      case HEAD:
        return this.#collect(4) ? this.#packetHead() : undefined
      case KIND:
        this.#kind = this.#bytes[this.#at++]!
        this.#left--
        return this.#begin()
      case CONTENT:
        return this.#collect(this.#left) ? this.#content(out) : undefined
      case DATA_LENGTH:
        return this.#collect(2) ? this.#dataLength() : undefined
      case DATA:
        this.#passData(out)
        return undefined
      default:
        this.#state = HEAD
        // Some containers omit it.
        return this.#bytes[this.#at++] === 0 ? undefined : 'body data longer than declared'
    }
  }

  #packetHead(): string | undefined {
    if (this.#source.readUInt16BE(this.#from) !== magic) return 'packet without its magic number'
    this.#left = this.#source.readUInt16BE(this.#from + 2)
    this.#state = KIND
    return this.#left === 0 ? 'empty packet' : undefined
  }

  /** Checks whether a packet of this kind and length is allowed now. */
  #begin(): string | undefined {
    const left = this.#left
    const isAnswering = this.#expected === 'head' || this.#expected === 'body'
    this.#state = CONTENT
    switch (this.#kind) {
      case SEND_HEADERS:
        if (this.#expected !== 'head') return 'unexpected SEND_HEADERS'
        return left === 0 ? 'empty SEND_HEADERS' : undefined
      case SEND_BODY_CHUNK:
        this.#state = DATA_LENGTH
        if (this.#expected !== 'body') return 'unexpected SEND_BODY_CHUNK'
        return left < 2 ? 'SEND_BODY_CHUNK without length' : undefined
      case END_RESPONSE:
        if (this.#expected !== 'body') return 'unexpected END_RESPONSE'
        return left === 1 ? undefined : 'END_RESPONSE of the wrong length'
      case GET_BODY_CHUNK:
        if (!isAnswering) return 'unexpected GET_BODY_CHUNK'
        return left === 2 ? undefined : 'GET_BODY_CHUNK of the wrong length'
      case CPONG:
        if (this.#expected !== 'pong') return 'unexpected CPONG'
        if (left > 0) return 'CPONG of the wrong length'
        this.#state = HEAD
        this.#expected = 'nothing'
        this.ponged = true
        return this.#at < this.#end ? 'bytes after CPONG' : undefined
      default:
        return 'unknown packet type'
    }
  }

  /** Processes a complete packet of any kind but SEND_BODY_CHUNK. */
  #content(out: Out): string | undefined {
    this.#state = HEAD
    const source = this.#source
    const from = this.#from
    switch (this.#kind) {
      case SEND_HEADERS: {
        const problem = this.#head.read(source, from, from + this.#left, this.#toHead, out)
        this.#expected = 'body'
        this.#bodyLeft = this.#head.contentLength
        return problem
      }
      case GET_BODY_CHUNK:
        this.asks++
        this.askedBytes = source.readUInt16BE(from)
        return undefined
      default:
        return this.#endAnswer(source[from]!, out)
    }
  }

  #endAnswer(reuse: number, out: Out): string | undefined {
    const { framing } = this.#head
    if (framing === 'length' && this.#bodyLeft > 0) return 'body shorter than its Content-Length'
    if (framing === 'chunked') writeLastChunk(out)
    if (reuse === 0) this.reusable = false
    this.ended = true
    this.#expected = 'nothing'
    return undefined
  }

  #dataLength(): string | undefined {
    this.#data = this.#source.readUInt16BE(this.#from)
    const tail = this.#left - 2 - this.#data
    if (tail !== 0 && tail !== 1) return 'SEND_BODY_CHUNK of the wrong length'
    this.#left = tail
    // A packet without data is a flush.
    this.#state = this.#data > 0 ? DATA : tail > 0 ? TAIL : HEAD
    return undefined
  }

  #passData(out: Out): void {
    const to = Math.min(this.#end, this.#at + this.#data)
    this.#body(this.#at, to, out)
    this.#data -= to - this.#at
    this.#at = to
    if (this.#data === 0) this.#state = this.#left > 0 ? TAIL : HEAD
  }

  #body(from: number, to: number, out: Out): void {
    switch (this.#head.framing) {
      case 'chunked':
        return writeChunk(this.#bytes, from, to, out)
      case 'length': {
        const taken = Math.min(to - from, this.#bodyLeft)
        out.copy(this.#bytes, from, from + taken)
        this.#bodyLeft -= taken
        if (taken < to - from) this.reusable = false
        return
      }
      default:
        // A body that is not allowed, as in a response to HEAD: it is dropped.
        this.reusable = false
    }
  }

  /** Collects `size` contiguous bytes at #source[#from..). @returns false until all of them have been received. */
  #collect(size: number): boolean {
    const here = this.#end - this.#at
    if (this.#kept === undefined && here >= size) {
      this.#source = this.#bytes
      this.#from = this.#at
      this.#at += size
      return true
    }
    this.#kept ??= Buffer.allocUnsafeSlow(size)
    const taken = Math.min(here, size - this.#have)
    this.#bytes.copy(this.#kept, this.#have, this.#at, this.#at + taken)
    this.#at += taken
    this.#have += taken
    if (this.#have < size) return false
    this.#source = this.#kept
    this.#from = 0
    this.#kept = undefined
    this.#have = 0
    return true
  }
}
