// What a container sends -> HTTP/1.1 bytes, and what it asks for meanwhile. Packets may be split
// anywhere; pieces of a body go through without waiting for the rest of their packet. Pure.

import { writeChunk, writeLastChunk } from '../http/chunked.ts'
import type { Out } from '../http/out.ts'
import { AnswerHead } from './answer-head.ts'
import { CPONG, END_RESPONSE, GET_BODY_CHUNK, SEND_BODY_CHUNK, SEND_HEADERS } from './codes.ts'

/** Which packets are in order now. */
type Expected = 'nothing' | 'pong' | 'head' | 'body'

const HEAD = 0
const KIND = 1
const CONTENT = 2
const DATA_LENGTH = 3
const DATA = 4
/** The zero behind the data. */
const TAIL = 5

const magic = 0x4142

export class AnswerReader {
  /** CPONG has come. */
  ponged = false
  /** The answer is complete. */
  ended = false
  /** The connection may carry another request. */
  reusable = true
  /** Pieces of the request's body that were asked for in the last bytes, and the length of the last of them. */
  asks = 0
  askedBytes = 0

  readonly #head: AnswerHead = new AnswerHead()
  #expected: Expected = 'nothing'
  #toHead = false
  /** Bytes of the body still to come, where that is known. */
  #bodyLeft = 0
  #state = HEAD
  #kind = 0
  /** Bytes of the packet still to come. */
  #left = 0
  #data = 0

  // The bytes at hand.
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** What has been collected: #source[#from..). */
  #source: Buffer = this.#bytes
  #from = 0
  /** The beginning of what is being collected, from bytes that are gone. */
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
   * Reads bytes[0..length) and adds to `out` what they mean in HTTP/1.1.
   * @returns what is wrong; then nothing on the connection is to be believed any more.
   */
  read(bytes: Buffer, length: number, out: Out): string | undefined {
    this.#bytes = bytes
    this.#at = 0
    this.#end = length
    this.asks = 0
    while (this.#at < this.#end) {
      if (this.#expected === 'nothing') {
        // Behind the end of an answer it spoils the connection, not the answer.
        if (!this.ended) return 'bytes that nobody asked for'
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
        // Some leave it out.
        return this.#bytes[this.#at++] === 0 ? undefined : 'data that are longer than they said'
    }
  }

  #packetHead(): string | undefined {
    if (this.#source.readUInt16BE(this.#from) !== magic)
      return 'a packet that does not begin as one'
    this.#left = this.#source.readUInt16BE(this.#from + 2)
    this.#state = KIND
    return this.#left === 0 ? 'an empty packet' : undefined
  }

  /** A packet's kind is known: may it come now, and with that length? */
  #begin(): string | undefined {
    const left = this.#left
    const isAnswering = this.#expected === 'head' || this.#expected === 'body'
    this.#state = CONTENT
    switch (this.#kind) {
      case SEND_HEADERS:
        if (this.#expected !== 'head') return 'a head out of turn'
        return left === 0 ? 'a head without content' : undefined
      case SEND_BODY_CHUNK:
        this.#state = DATA_LENGTH
        if (this.#expected !== 'body') return 'a piece of a body out of turn'
        return left < 2 ? 'a piece of a body without its length' : undefined
      case END_RESPONSE:
        if (this.#expected !== 'body') return 'an end out of turn'
        return left === 1 ? undefined : 'an end of the wrong length'
      case GET_BODY_CHUNK:
        if (!isAnswering) return 'a question for a body out of turn'
        return left === 2 ? undefined : 'a question of the wrong length'
      case CPONG:
        if (this.#expected !== 'pong') return 'a pong out of turn'
        if (left > 0) return 'a pong of the wrong length'
        this.#state = HEAD
        this.#expected = 'nothing'
        this.ponged = true
        return this.#at < this.#end ? 'bytes behind a pong' : undefined
      default:
        return 'a packet of an unknown kind'
    }
  }

  /** All of a packet that is not a piece of a body has come. */
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
    if (framing === 'length' && this.#bodyLeft > 0) return 'a body that is shorter than it said'
    if (framing === 'chunked') writeLastChunk(out)
    if (reuse === 0) this.reusable = false
    this.ended = true
    this.#expected = 'nothing'
    return undefined
  }

  #dataLength(): string | undefined {
    this.#data = this.#source.readUInt16BE(this.#from)
    const tail = this.#left - 2 - this.#data
    if (tail !== 0 && tail !== 1) return 'a piece of a body of the wrong length'
    this.#left = tail
    // None is how a container says that it has flushed.
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
        // A body where there is none, as in the answer to HEAD: it is left out.
        this.reusable = false
    }
  }

  /** `size` bytes in one piece, in #source from #from on; false while they have not all come. */
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
