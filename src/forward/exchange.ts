// One request with its response, and the way it takes. The object is used again for other requests;
// what it reads of the cluster is one set of routes from start to end.

import type { TopspinError } from '../base/errors.ts'
import { httpLimits } from '../base/limits.ts'
import type { ExchangeView, RequestView } from '../candidacy/candidacy.ts'
import type { Cascade } from '../candidacy/compose.ts'
import type { Balancer } from '../cluster/balancer.ts'
import type { Application, Candidate, Routes } from '../cluster/routes.ts'
import { countRefusal } from '../cluster/traffic-counts.ts'
import { BodyRelay } from '../wire/http/body-relay.ts'
import type { Out } from '../wire/http/out.ts'
import { problemOf } from '../wire/http/problem.ts'
import { RequestHead } from '../wire/http/request-head.ts'
import { ResponseHead } from '../wire/http/response-head.ts'
import type { ExchangeClient } from './client/exchange-client.ts'
import type { NodeConnection } from './node/node-connection.ts'
import { attempt, attemptFailed, sendBody, timedOut } from './stages/attempt.ts'
import { type Choose, choose, findCascade } from './stages/choose.ts'
import { cut } from './stages/cut.ts'
import { deliver, finishAtEnd, malformed } from './stages/deliver.ts'
import { match } from './stages/match.ts'
import { outgoing, outgoingAgain } from './stages/outgoing.ts'
import { recall } from './stages/recall.ts'
import { redirect } from './stages/redirect.ts'
import { nodeSlow, noNode, type Refusal } from './stages/refusal.ts'
import { countOut, leaveNode, settle } from './stages/settle.ts'
import { turnBack } from './stages/turn-back.ts'
import { type WantedUpgrade, wantedUpgrade } from './stages/upgrade.ts'
import type { Traffic } from './traffic/traffic.ts'

export class Exchange implements ExchangeView {
  /** Another one for each exchange. */
  client: ExchangeClient
  readonly traffic: Traffic

  // The request, and where it may go.
  readonly head: RequestHead = new RequestHead()
  readonly requestBody: BodyRelay = new BodyRelay()
  routes: Routes
  applications: readonly Application[] = []
  application: Application
  /** Decoded, as contexts are matched. */
  path = ''
  cascade: Cascade
  /** Chooses instead of the cascade, when the caller of `forwardTo` has its own way. */
  chooser: Choose | undefined
  /** The choice reads `live.latency`, so it must be kept. */
  readsLatency = false
  /** The proxy serves nothing itself. */
  readonly self: undefined
  request: RequestView | undefined
  /** Host without port, in lower case, where aliases count: the head's bytes do not last; else ''. */
  host = ''
  hasSession = false
  sessionId = ''
  route: string | undefined
  domain = ''
  wanted: WantedUpgrade | undefined
  startedAt = 0
  line: RequestLine | undefined
  /** Offset behind what belongs to this request, in the bytes that `forward` or `forwardTo` was called with. */
  behind = 0

  // The attempts.
  /** Head and first piece of the body as they are sent, while they may have to be sent again. */
  out: Out | undefined
  candidate: Candidate | undefined
  node: NodeConnection | undefined
  attempts = 0
  /** When the last attempt began, ms of the clock; only where latency counts. */
  sentAt = 0
  /** Attempts that a node may have begun to execute, but for one on a connection that had waited. */
  failures = 0
  tried: readonly number[] = []
  /** The next attempt is not to use a connection that has waited. */
  freshOnly = false
  /** Everything that was sent so far is in `out`. */
  replayable = true
  /** Until when to wait for a usable node, ticker time. */
  waitUntil = 0

  // The answer.
  readonly response: ResponseHead = new ResponseHead()
  readonly responseBody: BodyRelay = new BodyRelay()
  /** Head bytes of the answer that came so far. */
  partial: Buffer | undefined
  interims = 0
  /** The head of the final answer is on its way to the client. */
  answered = false
  closes = false
  status = 0
  bytesOut = 0

  constructor(client: ExchangeClient, traffic: Traffic) {
    this.client = client
    this.traffic = traffic
    this.routes = traffic.routes
    this.application = nowhere
    this.cascade = traffic.cascades.at(0)
  }

  get balancer(): Balancer {
    return this.application.balancer
  }
  get upgrades(): boolean {
    return this.wanted !== undefined
  }

  /**
   * The way of a request from its head on; the bytes behind the head are in bytes[bodyFrom..end).
   * Deliver and settle follow when the node answers.
   * @returns the offset behind what belongs to this request.
   */
  forward(bytes: Buffer, bodyFrom: number, end: number): number {
    this.#begin(bodyFrom)
    const refusal = this.#route() ?? this.#send(bytes, end)
    if (refusal !== undefined) this.refuse(refusal)
    return this.behind
  }

  /**
   * As `forward`, for a caller that has found the application and chooses by itself: a peer that hands over.
   * @param choose called for each attempt.
   * @returns why no node could be asked: the exchange has settled, and the client has not been answered. `undefined`
   *   when the request is on its way; a failure after that is reported by `ExchangeClient.refuse`.
   */
  forwardTo(
    application: Application,
    choose: Choose,
    bytes: Buffer,
    bodyFrom: number,
    end: number,
  ): Refusal | undefined {
    this.#begin(bodyFrom)
    this.application = application
    this.chooser = choose
    this.readsLatency = true
    const refusal = this.#send(bytes, end)
    if (refusal !== undefined) this.#settleRefused(refusal)
    return refusal
  }

  #route(): Refusal | undefined {
    const refusal = turnBack(this) ?? match(this)
    if (refusal !== undefined) return refusal
    recall(this)
    findCascade(this)
    return undefined
  }

  #send(bytes: Buffer, end: number): Refusal | undefined {
    const candidate = choose(this)
    if (candidate !== undefined && this.chooser === undefined) {
      const elsewhere = redirect(this, candidate)
      if (elsewhere !== undefined) return elsewhere
    }
    const out = this.traffic.buffers.leaseOut()
    this.out = out
    outgoing(this, candidate, out)
    const behind = this.requestBody.relay(bytes, this.behind, end, out)
    if (behind < 0) return problemOf(behind)
    this.behind = behind
    return candidate === undefined ? this.#wait() : attempt(this, candidate)
  }

  #begin(bodyFrom: number): void {
    const { head, traffic } = this
    traffic.counters.requests++
    traffic.retryBudget.request(traffic.ticker.now)
    this.hasSession = false
    this.sessionId = ''
    this.route = undefined
    this.domain = ''
    this.behind = bodyFrom
    this.chooser = undefined
    this.wanted = head.wantsUpgrade ? wantedUpgrade(head) : undefined
    this.attempts = this.failures = this.interims = this.status = this.bytesOut = 0
    this.tried = none
    this.freshOnly = this.answered = this.closes = false
    this.replayable = true
    const framing = head.chunked ? 'chunked' : head.hasBody ? 'length' : 'none'
    this.requestBody.begin(framing, head.contentLength, 'same')
    if (traffic.accessLog !== undefined) {
      this.startedAt = traffic.clock.now()
      this.line = requestLine(head)
    }
  }

  /** WaitWorker: a usable node may come soon. */
  #wait(): Refusal | undefined {
    const { traffic, balancer } = this
    if (balancer.waitMs <= 0 || traffic.waiting.size >= httpLimits.waitingMax) return noNode
    this.waitUntil = traffic.ticker.now + balancer.waitMs
    traffic.waiting.add(this)
    if (!this.requestBody.done) this.client.pauseBody()
    return undefined
  }

  /** Called at every tick and change while the exchange waits. */
  tryAgain(now: number): void {
    this.application = this.#renewed()
    const candidate = choose(this)
    if (candidate === undefined && now < this.waitUntil) return
    this.traffic.waiting.delete(this)
    if (candidate === undefined) return this.refuse(noNode)
    outgoingAgain(this, candidate)
    const refusal = attempt(this, candidate)
    if (refusal !== undefined) this.refuse(refusal)
  }

  /** The same path and balancer in the present routes. */
  #renewed(): Application {
    const found = this.traffic.routes.find(this.application.path, this.host)
    const same = found?.find((other) => other.balancer.name === this.balancer.name)
    return same ?? this.application
  }

  /** Answers the client without a node, and ends the exchange. */
  refuse(refusal: Refusal): void {
    this.#settleRefused(refusal)
    this.client.refuse(refusal, this.closes, this.head.isHead)
  }

  #settleRefused(refusal: Refusal): void {
    const { traffic, head } = this
    countRefusal(traffic.counters, refusal.status)
    this.status = refusal.status
    // What is left of a body would be taken for the next request.
    this.closes = !head.keepAlive || !this.requestBody.done || traffic.draining
    settle(this, refusal.code)
  }

  // What the client does while the exchange is under way.

  /** More of the request's body has arrived; returns the offset behind it. */
  clientSent(bytes: Buffer, length: number): number {
    return sendBody(this, bytes, length)
  }

  clientDrained(): void {
    const { node } = this
    if (node === undefined) return
    node.deadline = this.traffic.ticker.now + this.responseBodyMs
    node.resume()
  }

  /** The client is gone: nobody wants the answer. */
  abandon(code: string): void {
    leaveNode(this, false)
    settle(this, code)
  }

  /** Both connections of a tunnel are closed. */
  tunnelClosed(): void {
    const { candidate, node, traffic } = this
    if (candidate !== undefined) countOut(candidate)
    if (node !== undefined) traffic.ticker.delete(node)
    settle(this, '')
  }

  /** `node.id` of the node that is asked now. */
  get nodeId(): number | undefined {
    return this.candidate?.node.id
  }

  /** Bytes of the request that have not left for the node yet. */
  get requestPending(): number {
    return this.node?.pending ?? 0
  }

  // What the node does.

  nodeReady(): void {
    const { node, client } = this
    if (node === undefined) return
    node.deadline = this.traffic.ticker.now + this.responseHeadMs
    if (!this.requestBody.done && node.pending === 0) client.resumeBody()
  }

  nodeSent(bytes: Buffer, length: number): void {
    deliver(this, bytes, length)
  }

  nodeDrained(): void {
    if (!this.requestBody.done) this.client.resumeBody()
  }

  /** The node waits for the body and cannot say so, while the client may wait for a 100 [RFC 9110 10.1.1]. */
  nodeWantsBody(): void {
    if (this.answered) return
    this.bytesOut += goOn.length
    if (!this.client.write(goOn)) this.node?.pause()
  }

  /** What came is no answer. */
  nodeMalformed(reason: string): void {
    malformed(this, reason)
  }

  nodeEnded(): void {
    finishAtEnd(this)
  }

  nodeClosed(error: TopspinError): void {
    if (this.answered) cut(this, 'NODE_CLOSED')
    else {
      const refusal = attemptFailed(this, error)
      if (refusal !== undefined) this.refuse(refusal)
    }
  }

  nodeTimedOut(): void {
    if (this.answered) return cut(this, 'NODE_TIMEOUT')
    timedOut(this)
    this.refuse(nodeSlow)
  }

  get responseHeadMs(): number {
    const own = this.candidate?.node.timeoutMs ?? 0
    return own > 0 ? own : this.traffic.settings.timeouts.responseHeadMs
  }
  get responseBodyMs(): number {
    const own = this.candidate?.node.timeoutMs ?? 0
    return own > 0 ? own : this.traffic.settings.timeouts.responseBodyMs
  }
}

/** What the access log tells of a request; as strings, because the head's bytes do not last. */
export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly host: string
}

function requestLine(head: RequestHead): RequestLine {
  const { bytes } = head.fields
  return {
    method: head.method,
    target: bytes.toString('latin1', head.targetFrom, head.targetTo),
    host: bytes.toString('latin1', head.hostFrom, head.hostTo),
  }
}

const none: readonly number[] = []

const goOn = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

/** Stands in before the first request is matched. */
const nowhere: Application = {
  path: '',
  cookie: new Uint8Array(0),
  candidates: [],
  cascade: 0,
  balancer: {
    name: '',
    slot: -1,
    sticky: false,
    cookie: '',
    pathParameter: '',
    stickyRemove: false,
    stickyForce: false,
    waitMs: 0,
    maxAttempts: 0,
  },
}
