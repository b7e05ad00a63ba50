// One request with its response: the stages of ARCHITECTURE.md, "Request lifecycle", in their order. This is the only
// file that calls them; a stage returns an outcome and never calls a later one. The object serves many exchanges, one
// after the other (exchange-pool.ts).

import type { TopspinError } from '../base/errors.ts'
import { bareHost } from '../base/host-port.ts'
import { heldLimits, httpLimits } from '../base/limits.ts'
import { isHttp2 } from '../cluster/node.ts'
import type { Application, Candidate } from '../cluster/routes.ts'
import { countRefusal } from '../cluster/traffic-counts.ts'
import type { BodyRelay } from '../wire/http/body-relay.ts'
import type { Fields } from '../wire/http/fields.ts'
import type { Out } from '../wire/http/out.ts'
import { problemOf } from '../wire/http/problem.ts'
import type { RequestHead } from '../wire/http/request-head.ts'
import { ResponseHead } from '../wire/http/response-head.ts'
import type { WebSocketFrames } from '../wire/websocket-frames.ts'
import type { ExchangeClient } from './exchange-client.ts'
import { type Choose, ExchangeState, type RequestState, type RuleStages } from './exchange-state.ts'
import type { ExchangeTraffic, HeldBody, Queued, Upload, Waiting } from './exchange-traffic.ts'
import type { ResponseReceiver } from './node/node-context.ts'
import { costsNothing, endedEarlyError, timeoutError } from './node/node-error.ts'
import type { RequestSource } from './node/request-source.ts'
import {
  bodyDisplaced,
  bodyLarge,
  nodeMalformed,
  nodeSlow,
  noNode,
  proxyFull,
  queueFull,
  queueTimeout,
  type Refusal,
  refusalBytes,
  withId,
} from './refusal.ts'
import type { CompressedReceiver } from './rules/compressor.ts'
import type { Waiter } from './shared/admission.ts'
import { ownLines } from './shared/hsts.ts'
import { accept } from './stages/accept.ts'
import {
  attempt,
  endAttempt,
  lacksBody,
  leaveNode,
  noteReady,
  sendBody,
  startSilence,
} from './stages/attempt.ts'
import { choose, exclude, findCascade } from './stages/choose.ts'
import { cut } from './stages/cut.ts'
import { deliver, deliverEnd, interim } from './stages/deliver.ts'
import { canQueue, enqueue } from './stages/enqueue.ts'
import { match } from './stages/match.ts'
import { noteFailure } from './stages/note-failure.ts'
import { outgoing, outgoingAgain } from './stages/outgoing.ts'
import { recall } from './stages/recall.ts'
import { redirect } from './stages/redirect.ts'
import { attemptFailed, attemptTimedOut, refusalAfter, spendRetry } from './stages/retry.ts'
import { select } from './stages/select.ts'
import { complete, finish, releaseNode, settle } from './stages/settle.ts'
import { turnBack } from './stages/turn-back.ts'
import { wantedWebSocket } from './stages/upgrade.ts'

export class Exchange
  implements ResponseReceiver, CompressedReceiver, Waiting, Queued, Upload, HeldBody, Waiter
{
  readonly #state: ExchangeState
  readonly head: RequestHead
  readonly requestBody: BodyRelay

  constructor(client: ExchangeClient, traffic: ExchangeTraffic, ruleStages?: RuleStages) {
    this.#state = new ExchangeState(client, traffic, ruleStages)
    this.head = this.#state.request.head
    this.requestBody = this.#state.request.body
  }

  /** Prepares for an exchange of this client. */
  assign(client: ExchangeClient): void {
    this.#state.client = client
  }

  /**
   * Forwards the request in `head`; the bytes behind the head are in bytes[bodyFrom..end). The client gets the response
   * by its `framed.answerHead`, `answerData` and `exchangeOver`, or by its `refuse`.
   * @param isAdmitted the request has had its turn (shared/admission.ts).
   * @returns the offset after this request.
   */
  forward(bytes: Buffer, bodyFrom: number, end: number, isAdmitted: boolean = false): number {
    const state = this.#state
    const { request, choice, client, traffic, ruleStages } = state
    accept(state, bodyFrom) // 1
    let refusal = turnBack(this.head, traffic.settings, client) // 1
    if (traffic.rules !== undefined) refusal ??= ruleStages?.apply(state, traffic.rules) // 2
    refusal ??= match(request, traffic) // 2
    if (refusal === undefined) {
      recall(request, choice, traffic) // 3
      findCascade(request, choice, traffic, client.address) // 4
    }
    if (request.login !== undefined) {
      refusal = this.#awaitLogin(request.login, refusal, bytes, end)
    } else if (refusal === undefined) {
      refusal = this.#send(bytes, end, lacksBody(request, end), isAdmitted) // 4 5 6
    }
    // Before the refusal, because after it this object may serve another request.
    const behind = request.end
    if (refusal !== undefined) this.#refuse(refusal)
    return behind
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
    const { choice } = this.#state
    accept(this.#state, bodyFrom) // 1
    select(choice, application)
    choice.chooser = choose
    choice.readsLatency = true
    const refusal = this.#send(bytes, end, false, true) // 4 5 6
    if (refusal !== undefined) this.#settleRefused(refusal)
    return refusal
  }

  /**
   * @param mayHold no connection is leased while little of the body has arrived, unless the node shares one among
   *   requests: a client may wait for a message before it sends its own.
   */
  #send(bytes: Buffer, end: number, mayHold: boolean, isAdmitted: boolean): Refusal | undefined {
    const state = this.#state
    const { request, choice, client, traffic } = state
    if (!isAdmitted && !mayHold && this.#mustQueue()) return this.#queueNew(bytes, end)
    const candidate = choose(choice, traffic.chosenAt, client.bound) // 4
    if (candidate !== undefined && choice.redirection !== undefined) {
      const elsewhere = redirect(choice.redirection, candidate) // 4
      if (elsewhere !== undefined) return elsewhere
    }
    const isShared = candidate !== undefined && isHttp2(candidate.node)
    const mayWait = mayHold && !isShared && client.isGrpc !== true
    const problem = this.#outgoing(mayWait ? undefined : candidate, bytes, end) // 5
    if (problem !== undefined) return problem
    const isHeld = mayWait && !request.body.done
    if (isHeld && (candidate !== undefined || choice.balancer.waitMs > 0)) return this.#hold()
    if (!isAdmitted && mayHold && this.#mustQueue()) return this.#queue()
    if (candidate === undefined) return this.#wait()
    if (mayWait) outgoingAgain(state, candidate) // 5
    return this.#attempt(candidate) // 6
  }

  /** Writes what has arrived of the request. @returns the response to a body with a problem. */
  #outgoing(candidate: Candidate | undefined, bytes: Buffer, end: number): Refusal | undefined {
    const { request } = this.#state
    const behind = outgoing(this.#state, candidate, bytes, end) // 5
    if (behind < 0) return problemOf(behind)
    request.end = behind
    return this.#isTooLarge() ? bodyLarge : undefined
  }

  /** More of a body in chunks has arrived than the rule allows; the length of any other one was compared before. */
  #isTooLarge(): boolean {
    const { rule, body } = this.#state.request
    if (rule === undefined) return false
    return body.chunkedBytes > (rule.settings.bodyMax ?? Number.POSITIVE_INFINITY)
  }

  #attempt(candidate: Candidate): Refusal | undefined {
    const refusal = attempt(this.#state, candidate, this) // 6
    return refusal === proxyFull ? this.#queue() : refusal
  }

  /**
   * Nothing is answered, and no node is asked, before the client's credentials are found good.
   * @param refusal what then follows; `undefined` when a node is asked.
   */
  #awaitLogin(
    login: NonNullable<RequestState['login']>,
    refusal: Refusal | undefined,
    bytes: Buffer,
    end: number,
  ): Refusal | undefined {
    const { request, client, traffic } = this.#state
    if (refusal === undefined) {
      const problem = this.#outgoing(undefined, bytes, end) // 5
      if (problem !== undefined) {
        request.login = undefined
        return problem
      }
    }
    if (!request.body.done) client.pauseBody()
    login
      .then((denied) => this.#continueAfter(login, denied ?? refusal))
      .catch((error: unknown) => {
        this.abandon('PROXY_CLOSED')
        client.cut(true)
        traffic.fault(error)
      })
    return undefined
  }

  #continueAfter(login: NonNullable<RequestState['login']>, refused: Refusal | undefined): void {
    const { request } = this.#state
    // The client has left meanwhile, and another request may be under way here.
    if (request.login !== login) return
    request.login = undefined
    if (refused !== undefined) return this.#refuse(refused)
    this.#continue()
  }

  /** A request that is redirected needs no connection. */
  #mustQueue(): boolean {
    const { choice, traffic } = this.#state
    return (
      !traffic.admission.isOpen && choice.redirection === undefined && choice.chooser === undefined
    )
  }

  /** The request waits for its turn before a node is chosen. */
  #queueNew(bytes: Buffer, end: number): Refusal | undefined {
    return this.#outgoing(undefined, bytes, end) ?? this.#queue() // 5
  }

  /** @returns the response when the request has waited long enough, or is handed over by a peer, which can serve it. */
  #queue(): Refusal | undefined {
    const { request, choice, attempts, client, traffic } = this.#state
    const { now } = traffic.ticker
    if (attempts.admitUntil === 0) attempts.admitUntil = now + traffic.settings.timeouts.connectMs
    if (choice.chooser !== undefined || now >= attempts.admitUntil) {
      traffic.counters.shortages++
      return proxyFull
    }
    traffic.admission.wait(this)
    if (!request.body.done) client.pauseBody()
    return undefined
  }

  proceed(): false {
    this.#begin()
    return false
  }

  refuseLate(now: number): void {
    const { attempts, traffic } = this.#state
    if (now < attempts.admitUntil) return
    traffic.admission.leave(this)
    traffic.counters.shortages++
    this.#refuse(proxyFull)
  }

  /** Waits for the body, or for the first of it, which is sent together with the head. */
  #hold(): undefined {
    const { attempts, client, traffic } = this.#state
    attempts.isHeld = true
    if (attempts.bodyBytes > 0) traffic.heldBodies.hold(this)
    client.resumeBody()
  }

  /** @returns the offset after this request, or a problem with its body. */
  #heldBody(bytes: Buffer, length: number): number {
    const { request, attempts, client, traffic } = this.#state
    const behind = request.body.relay(bytes, 0, length, attempts.out as Out)
    if (behind < 0) return behind
    attempts.bodyBytes += behind
    if (this.#isTooLarge()) return behind
    client.bodyProgress()
    const isEnough = request.body.done || attempts.bodyBytes >= heldLimits.progressBytes
    if (isEnough) this.beginHeld()
    else traffic.heldBodies.hold(this)
    return behind
  }

  beginHeld(): void {
    this.#state.attempts.isHeld = false
    this.#state.traffic.heldBodies.release(this)
    this.#continue()
  }

  /** The request begins, or waits for its turn. */
  #continue(): void {
    if (!this.#mustQueue()) return this.#begin()
    const refusal = this.#queue()
    if (refusal !== undefined) this.#refuse(refusal)
  }

  /** Sends a request that had to wait. */
  #begin(): void {
    const { request, choice, client, traffic } = this.#state
    if (traffic.routes !== request.routes) select(choice, this.#renewed())
    const candidate = choose(choice, traffic.chosenAt, client.bound) // 4
    if (candidate !== undefined) return this.#attemptAgain(candidate) // 5, 6
    const refusal = this.#wait()
    if (refusal !== undefined) this.#refuse(refusal)
  }

  /** Waits for a place at a node, or until one is usable, at most as long as the balancer allows (WaitWorker). */
  #wait(): Refusal | undefined {
    const state = this.#state
    const { request, choice, attempts, client, traffic } = state
    const queued = enqueue(state, this) // 4
    if (queued === 'full') return this.#leaveSession()
    if (queued === 'waits') {
      if (!request.body.done) client.pauseBody()
      return undefined
    }
    const { waitMs } = choice.balancer
    if (waitMs <= 0 || traffic.waiting.size >= httpLimits.waitingMax) return noNode
    attempts.waitUntil = traffic.ticker.now + waitMs
    traffic.waiting.add(this)
    if (!request.body.done) client.pauseBody()
    return undefined
  }

  /** The queue of the session's node is full: another node gets the request, or its queue. */
  #leaveSession(): Refusal | undefined {
    const state = this.#state
    const { choice, traffic, client } = state
    const { full, balancer } = choice
    if (full === undefined || balancer.stickyForce) return queueFull
    exclude(choice, full)
    const candidate = choose(choice, traffic.chosenAt, client.bound) // 4
    return candidate === undefined ? this.#wait() : this.#sendAfter(candidate)
  }

  admit(): boolean {
    const { choice, client, traffic } = this.#state
    select(choice, this.#renewed())
    choice.isQueued = true
    const candidate = choose(choice, traffic.chosenAt, client.bound) // 4
    choice.isQueued = false
    if (candidate === undefined) return false
    traffic.queues.leave(this)
    this.#attemptAgain(candidate) // 5, 6
    return true
  }

  expire(): void {
    this.#refuse(queueTimeout)
  }

  tryAgain(now: number): void {
    const state = this.#state
    const { choice, attempts, client, traffic } = state
    select(choice, this.#renewed())
    const candidate = choose(choice, traffic.chosenAt, client.bound) // 4
    if (candidate === undefined && now < attempts.waitUntil) return
    traffic.waiting.delete(this)
    if (candidate === undefined) return this.#refuse(noNode)
    this.#attemptAgain(candidate) // 5, 6
  }

  #attemptAgain(candidate: Candidate): void {
    const refusal = this.#sendAfter(candidate)
    if (refusal !== undefined) this.#refuse(refusal)
  }

  /** After a wait: the client is redirected, or the request's bytes are rewritten for this node and sent to it. */
  #sendAfter(candidate: Candidate): Refusal | undefined {
    const { redirection } = this.#state.choice
    const elsewhere = redirection && redirect(redirection, candidate) // 4
    if (elsewhere !== undefined) return elsewhere
    outgoingAgain(this.#state, candidate) // 5
    return this.#attempt(candidate) // 6
  }

  /** The same path and balancer in the routes of now. */
  #renewed(): Application {
    const { request, choice, traffic } = this.#state
    const { application, balancer } = choice
    const found = traffic.routes.find(application.path, request.host)
    return found?.find((other) => other.balancer.name === balancer.name) ?? application
  }

  // The client, while the exchange is under way.

  /**
   * bytes[0..length) of the request's body have arrived; they must not change until they have left.
   * @returns the offset after this request.
   */
  clientSent(bytes: Buffer, length: number): number {
    const state = this.#state
    const behind = state.attempts.isHeld
      ? this.#heldBody(bytes, length) // 4 5 6
      : sendBody(state, bytes, length) // 6
    if (behind >= 0 && !this.#isTooLarge()) return behind
    const problem = behind < 0 ? problemOf(behind) : bodyLarge
    state.traffic.heldBodies.release(this)
    endAttempt(state, false)
    if (state.response.started) this.#cut(problem.code, false)
    else this.#refuse(problem)
    return length
  }

  /** All of the response that was written has left. */
  clientDrained(): void {
    const { attempts, response, client } = this.#state
    const { node } = attempts
    if (response.compressor !== undefined) return response.compressor.resume()
    if (node === undefined) return
    response.isBlocked = client.pending > 0
    startSilence(this.#state, attempts.bodyMs)
    node.resume()
  }

  /**
   * The client is gone, or its request has failed: there is no response of a node.
   * @param code for the access log.
   */
  abandon(code: string): void {
    const state = this.#state
    state.request.login = undefined
    if (state.attempts.waitUntil > 0) {
      state.traffic.waiting.delete(this)
      state.traffic.queues.leave(this)
    }
    if (state.attempts.admitUntil > 0) state.traffic.admission.leave(this)
    state.traffic.heldBodies.release(this)
    endAttempt(state, false)
    settle(state, code, state.traffic.clock.now()) // 8
  }

  /** Abandons a request that is late. Returns the response for the client: this one with what its rule adds. */
  abandonWith(plain: Refusal): Refusal {
    const refusal = this.#dressed(plain)
    countRefusal(this.#state.traffic.counters, refusal)
    this.#note(refusal, true)
    this.abandon(refusal.code)
    return refusal
  }

  /** The connection to the node is needed for another request, and the body of this one comes slowly. */
  displace(): void {
    const state = this.#state
    endAttempt(state, false)
    if (state.response.started) this.#cut(bodyDisplaced.code, false)
    else this.#refuse(bodyDisplaced)
  }

  /** Where the node of a tunnel accepts connections. */
  get nodePlace(): { readonly host: string; readonly port: number } {
    const { host = '', port = 0 } = this.#state.attempts.node?.node ?? {}
    return { host: bareHost(host), port }
  }

  /** What the node sends through a tunnel that is a WebSocket. */
  get nodeFrames(): WebSocketFrames | undefined {
    return this.#state.response.frames
  }

  /** Both connections of a tunnel have closed, which has carried so many bytes. */
  tunnelClosed(toNode: number, toClient: number): void {
    const state = this.#state
    const { attempts, response } = state
    const { candidate, node } = attempts
    const now = state.traffic.clock.now()
    attempts.bodyBytes += toNode
    response.bytesOut += toClient
    if (candidate !== undefined) {
      candidate.live.bytesSent += toNode
      candidate.live.bytesRead += toClient
      leaveNode(state, candidate, 'none', now)
    }
    if (node !== undefined) state.traffic.ticker.delete(node)
    settle(state, '', now) // 8
  }

  /** Offset after this request, in the bytes that `forward` or `forwardTo` was called with. */
  get behind(): number {
    return this.#state.request.end
  }
  /** The head of the response is on its way to the client. */
  get answered(): boolean {
    return this.#state.response.started
  }
  /** No node has the request, because little of its body has arrived. */
  get isHeld(): boolean {
    return this.#state.attempts.isHeld
  }
  get status(): number {
    return this.#state.response.status
  }
  /** The client's connection ends with this response. */
  get closes(): boolean {
    return this.#state.response.closes
  }
  /** `node.id` of the node of the present attempt. */
  get nodeId(): number | undefined {
    return this.#state.attempts.candidate?.node.id
  }
  /** Bytes of the request that have not left for the node yet. */
  get requestPending(): number {
    return this.#state.attempts.node?.pending ?? 0
  }

  // The node.

  get source(): RequestSource {
    return this.#state.client
  }
  get isHead(): boolean {
    return this.head.isHead
  }
  get acceptsTrailers(): boolean {
    return this.#state.client.acceptsTrailers === true
  }
  get websocketAccept(): string | undefined {
    return wantedWebSocket(this.#state.request.upgrade)
  }
  get relaysBody(): boolean {
    const { started, body, compressor } = this.#state.response
    return started && !body.done && compressor === undefined
  }
  get connectMs(): number | undefined {
    return this.#state.request.rule?.settings.timeouts?.connect
  }
  get silenceMs(): number {
    const { attempts, response } = this.#state
    return response.started ? attempts.bodyMs : attempts.headMs
  }

  get isWithoutOther(): boolean {
    const { choice, attempts, client, traffic } = this.#state
    const { tried, full, chooser } = choice
    if (chooser !== undefined || attempts.candidate === undefined) return false
    exclude(choice, attempts.candidate)
    const other = choose(choice, traffic.chosenAt, client.bound)
    const isWithout = other === undefined && !canQueue(choice)
    choice.tried = tried
    choice.full = full
    return isWithout
  }

  nodeReady(): void {
    const { request, attempts, client } = this.#state
    noteReady(this.#state) // 6
    const { node } = attempts
    if (node === undefined) return
    startSilence(this.#state, attempts.headMs)
    if (!request.body.done && node.pending === 0) client.resumeBody()
  }

  nodeDrained(): void {
    if (this.requestBody.done) return
    startSilence(this.#state, this.silenceMs)
    this.#state.client.resumeBody()
  }

  nodeAwaitsBody(): void {
    const state = this.#state
    const { response, attempts } = state
    if (response.started) return
    response.interims++
    startSilence(state, attempts.headMs)
    interim(state, continueHead)
  }

  nodeSent(bytes: Buffer, length: number): void {
    const delivery = deliver(this.#state, bytes, length, this) // 7
    switch (delivery) {
      case 'more':
        return
      case 'complete':
      case 'last':
        return this.#complete(delivery === 'complete') // 8
      case 'tunnel':
        return this.#becomeTunnel()
      case 'malformed':
      case 'broken':
        return this.nodeMalformed(this.#state.response.problem)
    }
  }

  nodeEnded(trailers?: Fields): void {
    if (!this.#state.response.started) return this.#failed(endedEarlyError())
    const isComplete = deliverEnd(this.#state, trailers) // 7
    if (isComplete)
      this.#complete(false) // 8
    else this.#cut('NODE_CLOSED')
  }

  /** The node's response is complete. A compressor still has some of it. */
  #complete(reusable: boolean): void {
    const { compressor } = this.#state.response
    if (compressor === undefined) return complete(this.#state, reusable) // 8
    releaseNode(this.#state, reusable) // 8
    compressor.end()
  }

  compressed(bytes: Buffer): boolean {
    return this.#state.ruleStages?.deliverCompressed(this.#state, bytes) ?? true // 7
  }

  compressorDrained(): void {
    const { attempts, response } = this.#state
    if (attempts.node === undefined) return
    response.isBlocked = false
    startSilence(this.#state, attempts.bodyMs)
    attempts.node.resume()
  }

  compressedAll(): void {
    this.#state.ruleStages?.deliverCompressedEnd(this.#state) // 7
    finish(this.#state, this.#state.traffic.clock.now()) // 8
  }

  compressionFailed(error: unknown): void {
    const { client, traffic } = this.#state
    this.abandon('COMPRESSION')
    client.cut(true)
    traffic.fault(error)
  }

  #becomeTunnel(): void {
    const { attempts, client, traffic } = this.#state
    const { node, candidate } = attempts
    if (node === undefined || candidate === undefined) return
    candidate.live.room.upgrade(attempts, traffic.clock.now())
    node.deadline = Number.POSITIVE_INFINITY
    client.becomeTunnel(node.becomeTunnel())
  }

  nodeClosed(error: TopspinError): void {
    if (this.#state.response.started) this.#cut('NODE_CLOSED')
    else this.#failed(error)
  }

  nodeTimedOut(): void {
    if (this.#state.response.started) return this.#cut('NODE_TIMEOUT')
    attemptTimedOut(this.#state, timeoutError()) // 6
    this.#refuse(nodeSlow)
  }

  nodeMalformed(reason: string): void {
    const state = this.#state
    const { candidate } = state.attempts
    state.traffic.invalidResponses.warn({ route: candidate?.node.route, reason })
    state.response.problem = reason
    if (state.response.started) return this.#cut('NODE_MALFORMED')
    if (candidate !== undefined) noteFailure(state, candidate, nodeMalformed.code, reason) // 6
    endAttempt(state, true)
    this.#refuse(nodeMalformed)
  }

  /** The attempt has failed before its response began: another attempt, or a response of the proxy itself. */
  #failed(error: TopspinError): void {
    const state = this.#state
    const { choice, attempts, response, client, traffic } = state
    const failed = attempts.candidate
    const after = attemptFailed(state, error) // 6
    if (after === 'refuse') return this.#refuse(refusalAfter(error))
    if (after === 'another' && failed !== undefined) exclude(choice, failed)
    response.partial = undefined
    const next = choose(choice, traffic.chosenAt, client.bound) // 4
    const mayTry = next !== undefined || canQueue(choice)
    const isAllowed = mayTry && (costsNothing(error) || spendRetry(traffic))
    if (!isAllowed) return this.#refuse(refusalAfter(error))
    if (next !== undefined) return this.#attemptAgain(next) // 5, 6
    const refusal = this.#wait() // 4
    if (refusal !== undefined) this.#refuse(refusal)
  }

  // The end, where no node has answered or its response is incomplete.

  /** Answers the client without a node. */
  #refuse(plain: Refusal): void {
    const { client, response } = this.#state
    const refusal = this.#dressed(plain)
    this.#settleRefused(refusal)
    client.refuse(refusal, response.closes, this.head.isHead)
  }

  /** With the error page and the fields of the rule, and with the request id. */
  #dressed(plain: Refusal): Refusal {
    const { request, traffic, ruleStages } = this.#state
    const given = (request.rule && ruleStages?.dress(request, plain)) ?? plain
    return withId(given, request.id, traffic.settings.requestId === 'client')
  }

  #settleRefused(refusal: Refusal): void {
    const state = this.#state
    const { request, response, traffic } = state
    countRefusal(traffic.counters, refusal)
    // The rest of the request's body must not be read as the next request.
    response.closes = !request.head.keepAlive || !request.body.done || state.client.isLast
    this.#note(refusal, response.closes)
    settle(state, refusal.code, traffic.clock.now()) // 8
  }

  /** Notes a response of the proxy for the access log. */
  #note(refusal: Refusal, closes: boolean): void {
    const { response, traffic, client } = this.#state
    response.status = refusal.status
    if (traffic.accessLog === undefined) return
    const bytes = refusalBytes(refusal, closes, this.head.isHead, ownLines(traffic, client.tls))
    response.bytesOut += bytes.length
  }

  /** Breaks the response off so that the client can see it. @param code for the access log. */
  #cut(code: string, isNodeFault = true): void {
    const state = this.#state
    cut(state, code, isNodeFault) // 7
    settle(state, code, state.traffic.clock.now()) // 8
    state.client.cut(this.head.minor === 0)
  }
}

const continueHead = new ResponseHead()
const continueBytes = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')
continueHead.parse(continueBytes, 0, continueBytes.length)
