// Hands over requests that Node.js has parsed: those of TLS servers, of middlewares, and of servers whose connections
// cannot be read first (raw/intake.ts). A request that a peer has handed over is served here and shows its real client.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { agentLimits } from '../../base/limits.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import { plainAddress } from '../../net/address.ts'
import { probeBypassedResponse } from '../../node-internals/bypassed-response.ts'
import { handedOverField } from '../../wire/handed-over.ts'
import { type Choice, here } from '../choice/choice.ts'
import type { HandOver } from '../hand-over/hand-over.ts'
import { useDecision } from '../hand-over/kept-decision.ts'
import { reportClientOf, reportOwnClient } from '../hand-over/real-client.ts'
import { type ArrivedRequest, fieldOf, MessageView } from '../hand-over/request-views.ts'
import type { HandingOver } from '../hand-over/under-way.ts'
import type { Arrival, ServeHere } from './arrival.ts'
import { ParsedClient, type ParsedOwner } from './parsed-client.ts'
import { redirectRequest, redirectUpgrade } from './redirect.ts'
import { bodyLength, withoutMark } from './request-bytes.ts'
import type { RequestDriver } from './server-events.ts'

const received = { mode: 'received' } as const

export class ParsedHandOver implements HandingOver, ParsedOwner, RequestDriver {
  readonly #handOver: HandOver
  readonly #clients = new Set<ParsedClient>()
  readonly #tunnels = new Set<ParsedClient>()
  /** Connections of which a request has been handed over. */
  readonly #handedOn = new WeakSet<Socket>()
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
    const { status, local, counts } = this.#handOver
    const decision = useDecision(socket)
    if (decision?.mode === 'came-back') return this.#cameBack(response)
    if (decision === undefined && status?.isFor(request.url ?? '') === true) {
      reportOwnClient(socket)
      return status.answer(request, response) || this.#isHere(response)
    }
    const choice = decision ?? this.#choose(request)
    switch (choice.mode) {
      case 'received':
        local.begin(response)
        outlastPeer(request, response)
        return false
      case 'here': {
        if (response.socket !== null || !this.#handedOn.has(socket)) return this.#isHere(response)
        // A pipelined request must not be executed before one that is on its way to a peer [RFC 9112 9.3.2].
        response.once('socket', () => {
          this.#isHere(response)
          serveHere({ request, response, socket, behind: undefined, expects, serveHere })
        })
        return true
      }
      case 'redirect':
        counts.redirected++
        redirectRequest(request, response, choice.location)
        return true
      case 'proxy': {
        if (response.headersSent) return this.#isHere(response)
        this.#handedOn.add(socket)
        const arrival: Arrival = {
          request,
          response,
          socket,
          behind: undefined,
          expects,
          serveHere,
        }
        if (response.socket !== null) {
          return this.#start(arrival, choice.candidate) || this.#isHere(response)
        }
        // A pipelined request: the responses to earlier ones come first.
        response.once('socket', () => {
          if (this.#start(arrival, choice.candidate)) return
          this.#isHere(response)
          serveHere(arrival)
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
    switch (choice.mode) {
      case 'received':
        return false
      case 'here':
        return this.#isHere(undefined)
      case 'redirect':
        this.#handOver.counts.redirected++
        redirectUpgrade(socket, choice.location)
        return true
      case 'proxy': {
        // Where no peer answers, the body could not be given back to the application here.
        if (bodyLength(request) !== 0) return this.#isHere(undefined)
        const arrival = { request, response: undefined, socket, behind, expects: false, serveHere }
        return this.#start(arrival, choice.candidate) || this.#isHere(undefined)
      }
    }
  }

  /** Counts a request that is served here without a choice. */
  servedHere(response: ServerResponse): void {
    this.#isHere(response)
  }

  get count(): number {
    return this.#clients.size
  }

  abandonPeer(id: number): void {
    for (const client of this.#clients) client.abandonPeer(id)
  }

  abandonAll(): void {
    for (const client of this.#clients) client.abandon()
  }

  cutPeer(id: number): void {
    for (const client of [...this.#tunnels]) client.cutPeer(id)
  }

  // The owner of the clients.

  readonly servesHere = true

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
    const client = new ParsedClient(arrival, first, facts, this)
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

/** HTTP/1 on a socket of Node.js: bytes cannot be written to anything else. */
function isPlain({ request, response, socket }: Arrival): boolean {
  if (!(socket instanceof Socket) || !(request instanceof IncomingMessage)) return false
  if (request.httpVersionMajor !== 1) return false
  return response === undefined || (response instanceof ServerResponse && probeBypassedResponse())
}
