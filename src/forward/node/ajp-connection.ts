// A connection to a node that speaks AJP13. It accepts a request as HTTP/1.1 bytes and returns the response as such,
// so that framing, retries, limits and cuts are the same for an exchange.

import type { TopspinError } from '../../base/errors.ts'
import { ajpLimits } from '../../base/limits.ts'
import { AnswerReader } from '../../wire/ajp/answer-reader.ts'
import { BodyPackets } from '../../wire/ajp/body-packets.ts'
import { CPING } from '../../wire/ajp/codes.ts'
import { writeForwardRequest } from '../../wire/ajp/forward-request.ts'
import { Out } from '../../wire/http/out.ts'
import { ajpFacts } from './ajp-facts.ts'
import type { AjpShared } from './ajp-shared.ts'
import { NodeConnection } from './node-connection.ts'
import type { ConnectionPool, ResponseReceiver } from './node-context.ts'
import { headLargeError } from './node-error.ts'
import type { RequestSource } from './request-source.ts'

const cping = Buffer.from([0x12, 0x34, 0, 1, CPING])

/** Fits the bytes of most reads; grows as needed. */
const answerBytes = 32_768

export class AjpConnection extends NodeConnection {
  readonly #answer: AnswerReader = new AnswerReader()
  readonly #body: BodyPackets
  /** The answer in HTTP/1.1; bytes of it may be on their way to the client. */
  readonly #out: Out = new Out(answerBytes)
  /** Written before the connection was ready. */
  #held: Buffer[] = []
  #needsHead = true
  #isTooLarge = false
  /** The client waits for a 100 (Continue) before it sends its body. */
  #owesContinue = false

  constructor(pool: ConnectionPool<NodeConnection>, client: RequestSource) {
    super(pool, client)
    this.#body = new BodyPackets(this.#shared.packetBytes)
  }

  /** That of the settings in force. */
  get #shared(): AjpShared {
    return this.context.ajp as AjpShared
  }

  /** A reused connection is tested with a CPING first; until the CPONG arrives it is not ready. */
  override attach(exchange: ResponseReceiver): void {
    super.attach(exchange)
    const { node } = this.pool
    this.#needsHead = true
    this.#held = []
    if (!this.isReused || node.pingMs === 0) return
    this.isReady = false
    this.deadline = this.context.ticker.now + node.pingMs
    this.#answer.expectPong()
    this.connection.write(cping)
  }

  protected override becomeReady(): void {
    this.isReady = true
    for (const bytes of this.#held.splice(0)) this.write(bytes)
    super.becomeReady()
  }

  /** The first bytes of a request hold its whole head. */
  override write(bytes: Buffer): boolean {
    if (this.#isTooLarge) return true
    this.#shared.out.clear()
    if (!this.isReady) {
      this.#held.push(bytes)
      return false
    }
    if (this.#needsHead) this.#writeHead(bytes)
    else this.#body.add(bytes, 0, bytes.length)
    return this.#flush()
  }

  override get pending(): number {
    const held = this.#held.reduce((sum, bytes) => sum + bytes.length, 0)
    return held + this.#body.pending + this.connection.pending
  }

  /** The head is read from the HTTP/1.1 bytes, which the exchange keeps for another attempt; the client's are gone. */
  #writeHead(bytes: Buffer): void {
    const { exchange, context } = this
    const { head, packet, out, secret } = this.#shared
    if (exchange === undefined) return
    const bodyFrom = head.parse(bytes, 0, bytes.length)
    if (bodyFrom <= 0) throw new RangeError('request head is not canonical')
    writeForwardRequest(head, ajpFacts(head, exchange.source, secret, context.isTrusted), packet)
    const content = packet.end()
    if (content === undefined) return this.#refuse()
    out.raw(content)
    this.#needsHead = false
    this.#answer.expectAnswer(exchange.isHead)
    this.#body.begin(head)
    this.#body.add(bytes, bodyFrom, bytes.length)
    this.#owesContinue = head.expectsContinue && bodyFrom === bytes.length
  }

  /** The exchange receives the error when the connection has closed, because its attempt is just beginning. */
  #refuse(): void {
    this.#isTooLarge = true
    this.connection.destroy()
  }

  #flush(): boolean {
    const { out } = this.#shared
    this.#body.write(out)
    if (out.length > 0) {
      if (this.connection.write(out.content)) out.clear()
      else out.detach()
    }
    if (this.#owesContinue && this.#body.isAwaited) {
      this.#owesContinue = false
      this.exchange?.nodeAwaitsBody()
    }
    return this.pending === 0
  }

  /** The end of an AJP response is a packet of its own, so more of its body is never read as the next response. */
  override noteExcess(): void {}

  override received(bytes: Buffer, length: number): void {
    if (this.isIdle) return this.retire()
    const out = this.#out
    out.clear()
    const problem = this.#answer.read(bytes, length, out)
    if (problem !== undefined) return this.#malformed(problem)
    if (!this.isReady) {
      if (this.#answer.ponged) this.becomeReady()
      return
    }
    for (let left = this.#answer.asks; left > 0; left--) {
      if (!this.#body.ask(this.#answer.askedBytes))
        return this.#malformed('too many GET_BODY_CHUNK packets')
    }
    if (this.#answer.ended) this.#body.drop()
    else if (this.#answer.asks > 0) this.#sendBody()
    if (this.exchange === undefined) this.#ending()
    else if (out.length > 0) this.exchange.nodeSent(out.bytes, out.length)
  }

  #sendBody(): void {
    const { exchange } = this
    const before = this.#body.pending
    this.#shared.out.clear()
    const isAllSent = this.#flush()
    if (exchange === undefined || this.#body.pending === before) return
    // The node reads the body, however slowly.
    this.deadline = this.context.ticker.now + exchange.silenceMs
    if (isAllSent) exchange.nodeDrained()
  }

  override ended(): void {
    // No CPONG: nothing of the request has been sent, so the end counts as a failure to connect.
    if (this.exchange !== undefined && !this.isReady) this.connection.destroy()
    else super.ended()
  }

  override drained(): void {
    if (this.pending === 0) super.drained()
  }

  #malformed(problem: string): void {
    const { exchange } = this
    if (exchange === undefined) this.retire()
    // Nothing of the request has been sent.
    else if (!this.isReady) this.connection.destroy()
    else exchange.nodeMalformed(problem)
  }

  override detachBuffer(): void {
    this.#out.detach()
    this.connection.resume()
  }

  /** All that arrives is translated at once, so all connections can read into one buffer. */
  override nextBuffer(): Buffer {
    return this.context.buffers.shared
  }

  /** The packets of a response have an end of their own. */
  override release(reusable: boolean): void {
    super.release(reusable, false)
  }

  /** A response may be complete by its length before the END_RESPONSE packet has arrived. */
  protected override returnToPool(): void {
    if (!this.#answer.ended) {
      this.exchange = undefined
      this.deadline = this.context.ticker.now + ajpLimits.endMs
      // The process need not stay alive for it.
      this.connection.socket.unref()
    } else if (this.#answer.reusable) super.returnToPool()
    else this.destroy()
  }

  #ending(): void {
    if (!this.#answer.ended) return
    this.connection.socket.ref()
    if (this.#answer.reusable) super.returnToPool()
    else this.retire()
  }

  protected override failure(cause: Error | undefined): TopspinError {
    return this.#isTooLarge ? headLargeError() : super.failure(cause)
  }
}
