// Reads HTTP requests of the control listener from bytes that are split anywhere; `node:http` refuses MCMP's ten methods
// (mcmp.md decision 2). Pure. Reads requests of browsers as well. Never truncates.

import { mcmpLimits } from '../../base/limits.ts'
import { ByteQueue } from './byte-queue.ts'
import { ChunkedBody } from './chunked-body.ts'
import { type MessageHead, parseHead } from './head.ts'

export interface FrameLimits {
  readonly headBytesMax: number
  readonly fieldsMax: number
  readonly messageBytesMax: number
  readonly chunkLineBytesMax: number
}

export interface FramedRequest extends MessageHead {
  /** Empty when absent. */
  readonly body: Uint8Array
}

export type FrameEvent =
  | { readonly kind: 'request'; readonly request: FramedRequest }
  /** The client expects `100 Continue` before it sends the body. */
  | { readonly kind: 'continue' }
  /** No further request can be read. `method` is '' when the request line was invalid. */
  | {
      readonly kind: 'problem'
      readonly status: 400 | 413 | 431 | 505
      readonly method: string
      readonly text: string
    }

type Body =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked'; readonly reader: ChunkedBody }

export class FrameReader {
  readonly #limits: FrameLimits
  readonly #queue: ByteQueue = new ByteQueue()
  /** Set while the body is incomplete. */
  #head: MessageHead | undefined
  #body: Body = { kind: 'length', bytes: 0 }
  #ended = false

  constructor(limits: FrameLimits = mcmpLimits) {
    this.#limits = limits
  }

  /** A request has been received in part. */
  get midway(): boolean {
    return !this.#ended && (this.#head !== undefined || this.#queue.length > 0)
  }

  push(bytes: Uint8Array): void {
    if (!this.#ended) this.#queue.push(bytes)
  }

  /** The next event; `undefined` when more bytes are needed, or after a problem. */
  next(): FrameEvent | undefined {
    if (this.#ended) return undefined
    return this.#head === undefined ? this.#nextHead() : this.#nextBody(this.#head)
  }

  #nextHead(): FrameEvent | undefined {
    // Empty lines before a request are skipped [RFC 9112 2.2].
    while (this.#queue.startsWith('\r\n')) this.#queue.skip(2)
    const end = this.#queue.indexOf('\r\n\r\n')
    if ((end < 0 ? this.#queue.length : end) > this.#limits.headBytesMax)
      return this.#fail(431, '', 'request head too large')
    if (end < 0) return undefined
    const head = parseHead(this.#queue.shift(end + 4).subarray(0, end + 2), this.#limits.fieldsMax)
    if ('problem' in head) return this.#fail(head.status, head.method, head.problem)
    return this.#startBody(head)
  }

  #startBody(head: MessageHead): FrameEvent | undefined {
    const framing = head.framing
    if (framing === 'chunked') {
      this.#body = { kind: 'chunked', reader: new ChunkedBody(this.#limits) }
    } else {
      if (framing > this.#limits.messageBytesMax)
        return this.#fail(413, head.method, 'Message too big')
      this.#body = { kind: 'length', bytes: framing }
    }
    this.#head = head
    const awaited = framing === 'chunked' || framing > 0
    if (head.expectsContinue && awaited && this.#queue.length === 0) return { kind: 'continue' }
    return this.#nextBody(head)
  }

  #nextBody(head: MessageHead): FrameEvent | undefined {
    const body = this.#body
    if (body.kind === 'length') {
      if (this.#queue.length < body.bytes) return undefined
      return this.#finish(head, this.#queue.shift(body.bytes))
    }
    const read = body.reader.read(this.#queue)
    switch (read) {
      case 'more':
        return undefined
      case 'done':
        return this.#finish(head, body.reader.bytes())
      case 'too-big':
        return this.#fail(413, head.method, 'Message too big')
      case 'bad':
        return this.#fail(400, head.method, 'bad chunk')
      default:
        return read satisfies never
    }
  }

  #finish(head: MessageHead, body: Uint8Array): FrameEvent {
    this.#head = undefined
    const { method, target, version, host, fields, framing, keepAlive, expectsContinue } = head
    // Not by a spread, which takes V8 longer than the rest of a message's way to here.
    const request = {
      method,
      target,
      version,
      host,
      fields,
      framing,
      keepAlive,
      expectsContinue,
      body,
    }
    return { kind: 'request', request }
  }

  #fail(status: 400 | 413 | 431 | 505, method: string, text: string): FrameEvent {
    this.#ended = true
    return { kind: 'problem', status, method, text }
  }
}
