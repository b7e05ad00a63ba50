// The bytes with which a probe asks a server over HTTP/2, and the reading of its answer: SETTINGS, or the response to one
// request. Pure; net/probe-dialect.ts gives them their meaning.

import { Out } from '../http/out.ts'
import { FieldDecoder } from './field-decoder.ts'
import { type FrameHandler, FrameReader } from './frame-reader.ts'
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  preface,
  RST_STREAM,
  SETTINGS,
  writeFrameHead,
} from './frames.ts'
import { RequestBlock } from './request-block.ts'

/** The preface, SETTINGS, and a request if there is one. @param head of HTTP/1.1, canonical. */
export function probeBytes(
  head: string | undefined,
  isSecure: boolean,
  body: Buffer = nothing,
): Buffer {
  const out = new Out(1_024)
  out.raw(preface)
  writeFrameHead(out, 0, SETTINGS, 0, 0)
  if (head === undefined) return out.content
  const block = new Out(512)
  const options = { isSecure, acceptsTrailers: body.length > 0 }
  new RequestBlock().write(Buffer.from(head, 'latin1'), options, block)
  const end = body.length === 0 ? END_STREAM : 0
  writeFrameHead(out, block.length, HEADERS, END_HEADERS | end, 1)
  out.copy(block.bytes, 0, block.length)
  if (body.length > 0) {
    writeFrameHead(out, body.length, DATA, END_STREAM, 1)
    out.raw(body)
  }
  return out.content
}

/** What an answer has so far. */
export interface ProbeAnswer {
  /** The server has sent SETTINGS first. */
  readonly speaksHttp2: boolean
  /** Of the final response, 0 while there is none. */
  readonly status: number
  /** Trailers, or those of a response without a body; names in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: Buffer
  /** The response is complete. */
  readonly hasEnded: boolean
  /** The server has refused it. */
  readonly isRefused: boolean
  /** It is not HTTP/2. */
  readonly isInvalid: boolean
}

export function readProbeAnswer(bytes: Buffer): ProbeAnswer {
  const reading = new Reading()
  new FrameReader().read(bytes, 0, bytes.length, reading)
  return reading
}

class Reading implements FrameHandler, ProbeAnswer {
  speaksHttp2 = false
  status = 0
  readonly fields: Map<string, string> = new Map()
  hasEnded = false
  isRefused = false
  isInvalid = false
  readonly #decoder: FieldDecoder = new FieldDecoder()
  readonly #pieces: Buffer[] = []
  #block: Buffer[] = []
  #blockFlags = 0
  #stream = 0

  get isOver(): boolean {
    return this.isInvalid || this.isRefused || this.hasEnded
  }

  get body(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  frameBegins(type: number, flags: number, stream: number): boolean {
    this.#stream = stream
    if (!this.speaksHttp2 && (type !== SETTINGS || (flags & ACK) !== 0)) this.isInvalid = true
    return !this.isInvalid
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (this.#stream === 1) this.#pieces.push(bytes.subarray(from, to))
  }

  dataEnds(flags: number): void {
    if (this.#stream === 1 && flags & END_STREAM) this.hasEnded = true
  }

  badPadding(): void {
    this.isInvalid = true
  }

  frame(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    this.speaksHttp2 = true
    if (type === GOAWAY || (type === RST_STREAM && stream === 1)) this.isRefused = true
    else if (type === HEADERS || type === CONTINUATION)
      this.#addBlock(type, flags, bytes.subarray(from, to))
  }

  /** Servers do not pad their heads; one that does is not read. */
  #addBlock(type: number, flags: number, payload: Buffer): void {
    if (type === HEADERS) {
      this.#block = []
      this.#blockFlags = flags
    }
    this.#block.push(payload)
    if ((flags & END_HEADERS) === 0) return
    const block = Buffer.concat(this.#block)
    const decoded = this.#decoder.decode(block, 0, block.length, {
      field: ({ bytes, nameTo, valueTo }) => {
        const name = bytes.toString('latin1', 0, nameTo)
        const value = bytes.toString('latin1', nameTo + 2, valueTo)
        if (name === ':status') this.status = Number(value)
        else this.fields.set(name, value)
      },
    })
    if (decoded !== 'whole') this.isInvalid = true
    if (this.status >= 200 && this.#blockFlags & END_STREAM) this.hasEnded = true
  }
}

const nothing = Buffer.alloc(0)
