// What happens to each request of a joined server before the application sees it: a request that a peer
// handed over is served here and shows its real client; any other goes by the choice.

import type { KeyObject } from 'node:crypto'
import { IncomingMessage, METHODS, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { handOverLimits } from '../../base/limits.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import { plainAddress } from '../../net/address.ts'
import { probeBypassedResponse } from '../../node-internals/bypassed-response.ts'
import {
  type HandedOver,
  handedOverField,
  Marker,
  readHandedOver,
  writeHandedOver,
} from '../../wire/handed-over.ts'
import { VIA } from '../../wire/http/field-name.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import { type Choice, type Chooser, here } from '../choice/chooser.ts'
import { type ClientFacts, clientFacts } from '../hand-over/client-facts.ts'
import { takeDecided } from '../hand-over/decided.ts'
import type { LocalService } from '../hand-over/local-service.ts'
import { tellClient } from '../hand-over/real-client.ts'
import { HeadView } from '../raw/head-view.ts'
import { MarkedLines } from '../raw/marked-lines.ts'
import type { PeerConnection } from '../raw/peer-connection.ts'
import type { StatusMount } from '../status/status-mount.ts'
import { type Arrival, type HandingOwner, PeerClient } from './peer-client.ts'
import { redirect, redirectUpgrade } from './redirect.ts'
import { fieldOf, withoutMark } from './request-bytes.ts'
import { RequestText } from './request-text.ts'
import type { Sees, ServeHere } from './wrap-server.ts'

export interface HandOverOptions {
  readonly traffic: Traffic
  readonly chooser: Chooser
  /** The first one signs; none: marks are believed by address. */
  readonly keys: readonly KeyObject[]
  /** Whether a mark without signature is believed of this address. */
  readonly isPeer: (address: string) => boolean
  /** How far the clock of the peer that signed a mark may differ, ms. Default 30 000. */
  readonly skewMs?: number | undefined
  readonly local: LocalService
  readonly status?: StatusMount | undefined
}

/** What was done, by kind; counted since start. */
export interface HandOverCounts {
  /** Decided here, and served here. */
  here: number
  /** Handed over, answered by the peer or not. */
  handed: number
  redirected: number
  /** Handed over, failed, and then served here. */
  cameBack: number
  /** Arrived from a peer, and served here. */
  received: number
  /** Marks that were not believed. */
  refusedMarks: number
}

export class HandOver implements Sees {
  readonly counts: HandOverCounts = {
    here: 0,
    handed: 0,
    redirected: 0,
    cameBack: 0,
    received: 0,
    refusedMarks: 0,
  }
  readonly #options: HandOverOptions
  readonly #clients = new Set<PeerClient>()
  /** Those that are read by us first; some of them hand over. */
  #connections: ReadonlySet<PeerConnection> = new Set()
  readonly #view = new HeadView()
  /** One for each way back to an application. */
  readonly #owners = new Map<ServeHere, HandingOwner>()
  #toldAny = false

  constructor(options: HandOverOptions) {
    this.#options = options
  }

  get traffic(): Traffic {
    return this.#options.traffic
  }

  /** Where requests may go. */
  get application(): Application {
    return this.#options.chooser.application
  }

  /** Nothing is handed over now. */
  get isOff(): boolean {
    return this.#options.chooser.isOff
  }

  /** From now on it hands over for these connections, too. */
  watch(connections: ReadonlySet<PeerConnection>): void {
    this.#connections = connections
  }

  /** What requests of this client bring along to a peer; `undefined` when nobody knows who it is any more. */
  linesOf(socket: Socket): MarkedLines | undefined {
    const { address, scheme, fields } = clientFacts(socket, this.traffic.via, true)
    const { remotePort } = socket
    if (address === '' || remotePort === undefined) return undefined
    const marker = new Marker({ address, port: remotePort, scheme }, this.#options.keys[0])
    return new MarkedLines(fields, marker)
  }

  /** About a request of which only the head has been read. `undefined`: it is decided when the server has parsed it. */
  decide(head: RequestHead, client: string): Choice | undefined {
    if (head.handedOver >= 0 || head.minor === 0) return undefined
    // The server refuses what is no method to Node.js.
    if (!head.isCommon && !METHODS.includes(head.method)) return undefined
    const { status, chooser } = this.#options
    const view = this.#view.of(head, client)
    if (status?.isFor(view.target) === true) return undefined
    const choice = chooser.first(view)
    return choice.mode === 'proxy' && this.#wasSentOn(head) ? here : choice
  }

  /** Another candidate for such a request, after a failure. */
  another(head: RequestHead, client: string, tried: readonly number[]): Candidate | undefined {
    const next = this.#options.chooser.again(this.#view.of(head, client), tried)
    return next.mode === 'proxy' ? next.candidate : undefined
  }

  #wasSentOn({ via, fields }: RequestHead): boolean {
    for (let index = via; index >= 0 && index < fields.count; index++) {
      if (fields.kind(index) !== VIA) continue
      if (fields.value(index).includes(this.traffic.settings.via)) return true
    }
    return false
  }

  /** Before anybody has read its body. @returns false: the application gets it now, from whoever asks. */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    expects: boolean,
    serveHere: ServeHere,
  ): boolean {
    const { status } = this.#options
    const decided = takeDecided(request.socket)
    if (decided?.mode === 'came-back') return this.#cameBack(response)
    if (decided === undefined && status?.isFor(request.url ?? '') === true) {
      tellClient(request.socket, undefined)
      return status.answer(request, response) || this.#isHere(response)
    }
    const choice = decided ?? this.#choose(request)
    switch (choice.mode) {
      case 'received':
        this.#options.local.begin(response)
        return false
      case 'here':
        return this.#isHere(response)
      case 'redirect':
        this.counts.redirected++
        redirect(request, response, choice.location)
        return true
      case 'proxy': {
        const { socket } = request
        const arrival: Arrival = { request, response, socket, behind: undefined, expects }
        if (response.headersSent) return this.#isHere(response)
        if (response.socket !== null) {
          return this.#start(arrival, choice.candidate, serveHere) || this.#isHere(response)
        }
        // Answers to earlier requests of a client that did not wait for them come first.
        response.once('socket', () => {
          if (this.#start(arrival, choice.candidate, serveHere)) return
          this.#isHere(response)
          serveHere(arrival)
        })
        return true
      }
    }
  }

  upgrade(request: IncomingMessage, behind: Buffer, serveHere: ServeHere): boolean {
    const { socket } = request
    const decided = takeDecided(socket)
    if (decided?.mode === 'came-back') return this.#cameBack(undefined)
    const choice = decided ?? this.#choose(request)
    switch (choice.mode) {
      case 'received':
        return false
      case 'here':
        return this.#isHere(undefined)
      case 'redirect':
        this.counts.redirected++
        redirectUpgrade(socket, choice.location)
        return true
      case 'proxy': {
        const arrival = { request, response: undefined, socket, behind, expects: false }
        return this.#start(arrival, choice.candidate, serveHere) || this.#isHere(undefined)
      }
    }
  }

  /** It is served here for a reason that the choice does not know. */
  servedHere(response: ServerResponse): void {
    this.#isHere(response)
  }

  /** Requests that peers have not answered yet. */
  get underWay(): number {
    let count = this.#clients.size
    for (const connection of this.#connections) if (connection.isBusy) count++
    return count
  }

  /** Nothing more is to be expected of this peer: what may be executed again is served here. */
  lost(id: number): void {
    for (const client of this.#clients) client.peerLost(id)
    for (const connection of this.#connections) connection.peerLost(id)
  }

  /** Ends what waits for an answer of a peer: the application here takes over where it can. */
  close(): void {
    for (const client of this.#clients) client.giveUp()
    for (const connection of this.#connections) connection.giveUp()
  }

  #isHere(response: ServerResponse | undefined): false {
    this.counts.here++
    if (response !== undefined) this.#options.local.begin(response)
    return false
  }

  #cameBack(response: ServerResponse | undefined): false {
    this.counts.cameBack++
    if (response !== undefined) this.#options.local.begin(response)
    return false
  }

  #choose(request: IncomingMessage): Choice | typeof received {
    const mark = fieldOf(request, handedOverField)
    if (mark !== undefined) {
      const told = this.#believe(mark, request)
      withoutMark(request)
      if (told !== undefined) {
        this.counts.received++
        this.#toldAny = true
        tellClient(request.socket, told)
        return received
      }
      this.counts.refusedMarks++
    } else if (this.#toldAny) tellClient(request.socket, undefined)
    const choice = this.#options.chooser.first(new RequestText(request))
    // What we have sent on before comes round by peers that do not believe each other: no further.
    return choice.mode === 'proxy' && this.#wasHere(request) ? here : choice
  }

  #believe(value: string, request: IncomingMessage): HandedOver | undefined {
    const { keys, isPeer, traffic, skewMs = handOverLimits.markSkewMs } = this.#options
    const { method = '', url = '' } = request
    // What the socket was told for an earlier request is not who is at its other end.
    tellClient(request.socket, undefined)
    const marked = { method, target: url }
    const reading = readHandedOver(value, marked, keys, traffic.clock.wall(), skewMs)
    if (reading.kind === 'refused') return undefined
    const isTrusted = reading.signed || isPeer(plainAddress(request.socket.remoteAddress ?? ''))
    return isTrusted ? reading.mark : undefined
  }

  #wasHere(request: IncomingMessage): boolean {
    return (
      fieldOf(request, 'via') !== undefined &&
      request.headers.via?.includes(this.#options.traffic.settings.via) === true
    )
  }

  #start(arrival: Arrival, first: Candidate, serveHere: ServeHere): boolean {
    if (!isPlain(arrival)) return false
    const { request, socket } = arrival
    // What the client says of where it came from is the application's to judge, there as it would be here.
    const facts = clientFacts(socket, this.#options.traffic.via, true)
    const mark = this.#mark(request, facts)
    if (mark === undefined) return false
    const client = new PeerClient(arrival, first, facts, this.#ownerOf(serveHere))
    if (!client.start(mark)) return false
    this.counts.handed++
    if (client.isOver) return true
    this.#clients.add(client)
    return true
  }

  #ownerOf(serveHere: ServeHere): HandingOwner {
    let owner = this.#owners.get(serveHere)
    if (owner === undefined) {
      owner = this.#makeOwner(serveHere)
      this.#owners.set(serveHere, owner)
    }
    return owner
  }

  #makeOwner(serveHere: ServeHere): HandingOwner {
    const { traffic, chooser } = this.#options
    return {
      traffic,
      get application(): Application {
        return chooser.application
      },
      servesHere: true,
      another: ({ request }, tried) => {
        const next = chooser.again(new RequestText(request), tried)
        return next.mode === 'proxy' ? next.candidate : undefined
      },
      cameBack: ({ arrival }) => {
        this.#cameBack(arrival.response)
        serveHere(arrival)
      },
      over: (client) => {
        this.#clients.delete(client)
      },
    }
  }

  /** `undefined` for a client whose address is not known any more. */
  #mark(request: IncomingMessage, { address, scheme }: ClientFacts): string | undefined {
    const { traffic, keys } = this.#options
    const { remotePort } = request.socket
    if (address === '' || remotePort === undefined) return undefined
    const { method = '', url = '' } = request
    const time = Math.round(traffic.clock.wall())
    const mark: HandedOver = { address, port: remotePort, scheme, time }
    return writeHandedOver(mark, { method, target: url }, keys[0])
  }
}

const received = { mode: 'received' } as const

/** HTTP/1 on a socket of Node.js's own: nothing else can be written to as bytes. */
function isPlain({ request, response, socket }: Arrival): boolean {
  if (!(socket instanceof Socket) || !(request instanceof IncomingMessage)) return false
  if (request.httpVersionMajor !== 1) return false
  return response === undefined || (response instanceof ServerResponse && probeBypassedResponse())
}
