// Hands over requests that Node.js has parsed: those of TLS servers, of middlewares, and of servers whose connections
// cannot be read first (raw/intake.ts). A request that a peer has handed over is served here and shows its real client.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { agentLimits } from '../../base/limits.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
import {
  type Arrival,
  bodyLength,
  fieldOf,
  isPlain,
  noNode,
  ParsedClient,
  type ParsedOwner,
  proxyFull,
  type Refusal,
  type ServeHere,
  type Traffic,
  withoutMark,
} from '../../forward/index.ts'
import { plainAddress } from '../../net/address.ts'
import { handedOverField } from '../../wire/handed-over.ts'
import { isConnectionLogin } from '../../wire/http/connection-login.ts'
import { type Choice, type Decided, here, type PendingChoice } from '../choice/choice.ts'
import type { Destinations } from '../hand-over/destinations.ts'
import { peerHeadBytesMax } from '../hand-over/fits-peer.ts'
import type { HandOver } from '../hand-over/hand-over.ts'
import { useDecision } from '../hand-over/kept-decision.ts'
import { reportClientOf, reportOwnClient } from '../hand-over/real-client.ts'
import { type ArrivedRequest, MessageView } from '../hand-over/request-views.ts'
import { toCandidates } from '../hand-over/to-candidates.ts'
import type { HandingOver } from '../hand-over/under-way.ts'
import { redirectRequest, redirectUpgrade } from './redirect.ts'
import type { RequestDriver } from './server-events.ts'

const received = { mode: 'received' } as const

export class ParsedHandOver implements HandingOver, ParsedOwner, Destinations, RequestDriver {
  readonly #handOver: HandOver
  readonly #clients = new Set<ParsedClient>()
  readonly #tunnels = new Set<ParsedClient>()
  /** Connections of which a request has been handed over, or has waited for the answers of peers. */
  readonly #handedOn = new WeakSet<Socket>()
  /** Each ends the wait of a request about which peers are asked: it is served here. */
  readonly #waiting = new Set<() => void>()
  /** Connections whose client has logged in on them; they stay here. */
  readonly #loggedIn = new WeakSet<Socket>()
  /** A socket has reported another client than its own remote side. */
  #hasReported = false

  constructor(handOver: HandOver) {
    this.#handOver = handOver
    handOver.underWay.add(this)
  }

  /** To be called before anything has read the request's body. */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    expects: boolean,
    serveHere: ServeHere,
  ): boolean {
    const { socket } = request
    const { status, local } = this.#handOver
    const decision = useDecision(socket)
    if (decision?.mode === 'came-back') return this.#cameBack(response)
    if (decision === undefined && status?.isFor(request.url ?? '') === true) {
      reportOwnClient(socket)
      return status.answer(request, response) || this.#isHere(response)
    }
    const choice = decision ?? this.#choose(request)
    if (choice.mode === 'here' && this.#isInTurn(response, socket)) return this.#isHere(response)
    if (choice.mode === 'received') {
      local.begin(response)
      outlastPeer(request, response)
      return false
    }
    const arrival = { request, response, socket, behind: undefined, expects, serveHere }
    if (choice.mode !== 'asking') return this.#proceed(choice, arrival, response)
    this.#handedOn.add(socket)
    this.#await(choice.pending, arrival, (decided) => this.#proceed(decided, arrival, response))
    return true
  }

  /** A pipelined request must not be executed before one that is on its way to a peer [RFC 9112 9.3.2]. */
  #isInTurn(response: ServerResponse, socket: Socket): boolean {
    return response.socket !== null || !this.#handedOn.has(socket)
  }

  /** @returns whether the request is handled; else the application here answers. */
  #proceed(choice: Decided, arrival: Arrival, response: ServerResponse): boolean {
    switch (choice.mode) {
      case 'here':
        if (this.#isInTurn(response, arrival.socket)) return this.#isHere(response)
        response.once('socket', () => {
          this.#isHere(response)
          arrival.serveHere(arrival)
        })
        return true
      case 'redirect':
        this.#handOver.counts.redirected++
        redirectRequest(arrival.request, response, choice.location)
        return true
      case 'proxy': {
        if (response.headersSent) return this.#isHere(response)
        this.#handedOn.add(arrival.socket)
        if (response.socket !== null) {
          return this.#start(arrival, choice.candidate) || this.#isHere(response)
        }
        // A pipelined request: the responses to earlier ones come first.
        response.once('socket', () => {
          if (this.#start(arrival, choice.candidate)) return
          this.#isHere(response)
          arrival.serveHere(arrival)
        })
        return true
      }
    }
  }

  upgrade(request: IncomingMessage, behind: Buffer, serveHere: ServeHere): boolean {
    const { socket } = request
    const decision = useDecision(socket)
    if (decision?.mode === 'came-back') return this.#cameBack(undefined)
    const choice = decision ?? this.#choose(request)
    if (choice.mode === 'received') return false
    const arrival = { request, response: undefined, socket, behind, expects: false, serveHere }
    if (choice.mode !== 'asking') return this.#proceedUpgrade(choice, arrival)
    this.#await(choice.pending, arrival, (decided) => this.#proceedUpgrade(decided, arrival))
    return true
  }

  #proceedUpgrade(choice: Decided, arrival: Arrival): boolean {
    switch (choice.mode) {
      case 'here':
        return this.#isHere(undefined)
      case 'redirect':
        this.#handOver.counts.redirected++
        redirectUpgrade(arrival.socket, choice.location)
        return true
      case 'proxy':
        // Where no peer answers, the body could not be given back to the application here.
        if (bodyLength(arrival.request) !== 0) return this.#isHere(undefined)
        return this.#start(arrival, choice.candidate) || this.#isHere(undefined)
    }
  }

  /** The request and its body stay unread until peers have answered. */
  #await(pending: PendingChoice, arrival: Arrival, proceed: (choice: Decided) => boolean): void {
    const { socket } = arrival
    const decided = (choice: Decided): void => {
      if (!this.#waiting.delete(abandon)) return
      socket.off('error', ignore)
      // A client that has gone gets no answer.
      if (socket.destroyed || proceed(choice)) return
      arrival.serveHere(arrival)
    }
    const abandon = (): void => {
      pending.cancel()
      decided(here)
    }
    this.#waiting.add(abandon)
    // Nobody else listens to the socket of an upgrade.
    socket.on('error', ignore)
    pending.onDecided(decided)
  }

  /** Counts a request that is served here without a choice. */
  servedHere(response: ServerResponse): void {
    this.#isHere(response)
  }

  get count(): number {
    return this.#clients.size + this.#waiting.size
  }

  abandonPeer(id: number): void {
    for (const client of this.#clients) client.abandonPeer(id)
  }

  abandonAll(): void {
    for (const abandon of [...this.#waiting]) abandon()
    for (const client of this.#clients) client.abandon()
  }

  cutPeer(id: number): void {
    for (const client of [...this.#tunnels]) client.cutPeer(id)
  }

  // The owner of the clients.

  readonly headBytesMax: number = peerHeadBytesMax
  readonly addsFields = false

  servesHere(_client: ParsedClient, refusal: Refusal, isRepeatable: boolean): boolean {
    return isRepeatable || refusal.code === noNode.code || refusal.code === proxyFull.code
  }

  get traffic(): Traffic {
    return this.#handOver.policy.traffic
  }

  get application(): Application {
    return this.#handOver.policy.application
  }

  another(request: ArrivedRequest, tried: readonly number[]): Candidate | undefined {
    return this.#handOver.policy.another(request, tried)
  }

  cameBack({ arrival }: ParsedClient): void {
    this.#cameBack(arrival.response)
    arrival.serveHere(arrival)
  }

  over(client: ParsedClient): void {
    this.#clients.delete(client)
    this.#tunnels.delete(client)
  }

  /** A tunnel may last for hours, so it does not delay the end of the server. */
  becameTunnel(client: ParsedClient): void {
    this.#clients.delete(client)
    this.#tunnels.add(client)
  }

  #isHere(response: ServerResponse | undefined): false {
    this.#handOver.counts.here++
    if (response !== undefined) this.#handOver.local.begin(response)
    return false
  }

  #cameBack(response: ServerResponse | undefined): false {
    this.#handOver.counts.cameBack++
    if (response !== undefined) this.#handOver.local.begin(response)
    return false
  }

  #choose(request: IncomingMessage): Choice | typeof received {
    const value = fieldOf(request, handedOverField)
    // The socket may still report the client of an earlier request.
    if (value !== undefined || this.#hasReported) reportOwnClient(request.socket)
    if (value !== undefined) return this.#receive(request, value)
    // The application logs in a connection, which must be the client's own.
    const { authorization } = request.headers
    if (authorization !== undefined && isConnectionLogin(authorization))
      this.#loggedIn.add(request.socket)
    if (this.#loggedIn.has(request.socket)) return here
    // A peer would get an absolute form as origin form, with another Host.
    if (isAbsolute(request)) return here
    return this.#handOver.policy.choose(new MessageView(request))
  }

  /** A marked request is served here, so that it makes one hop, whether the mark is accepted or not. */
  #receive(request: IncomingMessage, value: string): Choice | typeof received {
    const { socket, method = '', url = '' } = request
    const { marks, counts, refusedMarks } = this.#handOver
    const source = plainAddress(socket.remoteAddress ?? '')
    const mark = marks.verify(value, { method, target: url }, source)
    withoutMark(request)
    if (typeof mark === 'string') {
      refusedMarks.report(mark, source)
      return here
    }
    counts.received++
    this.#hasReported = true
    reportClientOf(mark, socket)
    return received
  }

  /** @returns false for a request that cannot be handed over. */
  #start(arrival: Arrival, first: Candidate): boolean {
    if (!isPlain(arrival)) return false
    const { request, socket } = arrival
    const { method = '', url = '' } = request
    const { marks, counts } = this.#handOver
    const facts = marks.clientOf(socket)
    const mark = marks.write(facts, socket, { method, target: url })
    if (mark === undefined) return false
    const client = new ParsedClient(arrival, facts, this, toCandidates(this, request, first))
    if (!client.start(mark)) return false
    counts.handed++
    if (!client.isOver && !client.isTunnel) this.#clients.add(client)
    return true
  }
}

/**
 * The peer closes its idle connections: when the server does, a request may be on its way. So the server's
 * `keepAliveTimeout`, which Node.js sets when the response has been sent, is raised on this connection.
 */
function outlastPeer({ socket }: IncomingMessage, response: ServerResponse): void {
  response.once('close', () => {
    const { timeout = 0 } = socket
    if (timeout > 0 && timeout < agentLimits.keepAliveMs) socket.setTimeout(agentLimits.keepAliveMs)
  })
}

function isAbsolute({ url = '' }: IncomingMessage): boolean {
  return !url.startsWith('/') && url !== '*'
}

const ignore = (): void => {}
