// A connection to a node that speaks AJP13. To an exchange it is like any other: it takes a request as
// HTTP/1.1 bytes and gives back its answer as such, so that framing, retries, limits and cuts are the same.

import { TopspinError } from '../../base/errors.ts'
import { ajpLimits } from '../../base/limits.ts'
import { AnswerReader } from '../../wire/ajp/answer-reader.ts'
import { BodyPackets } from '../../wire/ajp/body-packets.ts'
import { CPING } from '../../wire/ajp/codes.ts'
import { writeForwardRequest } from '../../wire/ajp/forward-request.ts'
import { Out } from '../../wire/http/out.ts'
import { FIELDS_LARGE } from '../../wire/http/problem.ts'
import type { Exchange } from '../exchange.ts'
import { ajpFacts } from './ajp-facts.ts'
import { NodeConnection } from './node-connection.ts'
import type { Pool } from './pools.ts'

const cping = Buffer.from([0x12, 0x34, 0, 1, CPING])

/** Room for most of what one read brings; more is made as needed. */
const answerBytes = 32_768

export class AjpConnection extends NodeConnection {
  readonly #answer: AnswerReader = new AnswerReader()
  readonly #body: BodyPackets
  /** The answer in HTTP/1.1; bytes of it may be on their way to the client. */
  readonly #out: Out = new Out(answerBytes)
  /** What was given to be sent before it could be. */
  #held: Buffer[] = []
  #needsHead = true
  #tooLarge = false
  /** The client waits to be told that its body is wanted. */
  #owesContinue = false

  constructor(pool: Pool) {
    super(pool)
    this.#body = new BodyPackets(pool.traffic.ajp.packetBytes)
  }

  /** A reused connection is tested with a CPING first; until the CPONG arrives it is not ready. */
  override attach(exchange: Exchange): void {
    super.attach(exchange)
    const { node, traffic } = this.pool
    this.#needsHead = true
    this.#held = []
    if (!this.isReused || node.pingMs === 0) return
    this.isReady = false
    this.deadline = traffic.ticker.now + node.pingMs
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
    if (this.#tooLarge) return true
    this.pool.traffic.ajp.out.clear()
    if (!this.isReady) {
      this.#held.push(bytes)
      return false
    }
    if (this.#needsHead) this.#takeHead(bytes)
    else this.#body.add(bytes, 0, bytes.length)
    return this.#flush()
  }

  override get pending(): number {
    const held = this.#held.reduce((sum, bytes) => sum + bytes.length, 0)
    return held + this.#body.pending + this.connection.pending
  }

  /**
   * What was sent is kept as HTTP/1.1 for another attempt, and the client's own bytes do not last: so the
   * head is read from there.
   */
  #takeHead(bytes: Buffer): void {
    const { exchange } = this
    const { traffic } = this.pool
    const { head, packet, out } = traffic.ajp
    if (exchange === undefined) return
    const bodyFrom = head.parse(bytes, 0, bytes.length)
    if (bodyFrom === FIELDS_LARGE) return this.#refuse()
    if (bodyFrom <= 0) throw new RangeError('the head of a request is not canonical')
    writeForwardRequest(head, ajpFacts(head, exchange.client, traffic), packet)
    const content = packet.end()
    if (content === undefined) return this.#refuse()
    out.raw(content)
    this.#needsHead = false
    this.#answer.expectAnswer(exchange.head.isHead)
    this.#body.begin(head)
    this.#body.add(bytes, bodyFrom, bytes.length)
    this.#owesContinue = head.expectsContinue && bodyFrom === bytes.length
  }

  /** The exchange is told when the connection is gone, for it is in the middle of its attempt now. */
  #refuse(): void {
    this.#tooLarge = true
    this.connection.destroy()
  }

  #flush(): boolean {
    const { out } = this.pool.traffic.ajp
    this.#body.write(out)
    if (out.length > 0) {
      if (this.connection.write(out.content)) out.clear()
      else out.detach()
    }
    if (this.#owesContinue && this.#body.isAwaited) {
      this.#owesContinue = false
      this.exchange?.nodeWantsBody()
    }
    return this.pending === 0
  }

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
      if (!this.#body.ask(this.#answer.askedBytes)) return this.#malformed('too many questions')
    }
    if (this.#answer.ended) this.#body.drop()
    else if (this.#answer.asks > 0) this.#giveBody()
    if (this.exchange === undefined) this.#ending()
    else if (out.length > 0) this.exchange.nodeSent(out.bytes, out.length)
  }

  #giveBody(): void {
    const { exchange } = this
    const before = this.#body.pending
    this.pool.traffic.ajp.out.clear()
    const isAllSent = this.#flush()
    if (exchange === undefined || this.#body.pending === before) return
    // It takes what it was sent, if slowly.
    const { now } = this.pool.traffic.ticker
    this.deadline = now + (exchange.answered ? exchange.responseBodyMs : exchange.responseHeadMs)
    if (isAllSent) exchange.nodeDrained()
  }

  override ended(): void {
    // No CPONG: nothing of the request has been sent yet, so the end counts as a failed connection attempt.
    if (this.exchange !== undefined && !this.isReady) this.connection.destroy()
    else super.ended()
  }

  override drained(): void {
    if (this.pending === 0) super.drained()
  }

  #malformed(problem: string): void {
    const { exchange } = this
    if (exchange === undefined) this.retire()
    // Nothing of the request has been sent yet.
    else if (!this.isReady) this.connection.destroy()
    else exchange.nodeMalformed(problem)
  }

  override leaveBuffer(): void {
    this.#out.detach()
  }

  /** All that arrives is translated at once, so all can read into one buffer. */
  override nextBuffer(): Buffer {
    return this.pool.traffic.buffers.shared
  }

  /** An answer may be complete by its length before the container says so. */
  override giveBack(): void {
    if (!this.#answer.ended) {
      this.exchange = undefined
      this.deadline = this.pool.traffic.ticker.now + ajpLimits.endMs
      this.connection.resume()
      // Nobody waits for it.
      this.connection.socket.unref()
    } else if (this.#answer.reusable) super.giveBack()
    else this.destroy()
  }

  #ending(): void {
    if (!this.#answer.ended) return
    this.connection.socket.ref()
    if (this.#answer.reusable) super.giveBack()
    else this.retire()
  }

  protected override failure(cause: Error | undefined): TopspinError {
    return this.#tooLarge ? headTooLarge() : super.failure(cause)
  }
}

function headTooLarge(): TopspinError {
  const text = 'the head of the request does not fit into a packet'
  return new TopspinError('AJP_HEAD_LARGE', text, { side: 'client', phase: 'send' })
}
