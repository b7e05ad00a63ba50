// What happens to each request of a joined server before the application sees it: a request that a peer
// handed over is served here and shows its real client; any other goes by the choice.

import type { KeyObject } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { handOverLimits } from '../base/limits.ts'
import type { Traffic } from '../forward/traffic.ts'
import { plainAddress } from '../net/plain-address.ts'
import { ForwardedFields } from '../wire/forwarded.ts'
import { type HandedOver, readHandedOver, writeHandedOver } from '../wire/handed-over.ts'
import type { Choice, Chooser } from './chooser.ts'
import { canFinish } from './finish-response.ts'
import type { LocalService } from './local-service.ts'
import { type Handing, PeerClient } from './peer-client.ts'
import { tellClient } from './real-client.ts'
import { redirect, redirectUpgrade } from './redirect.ts'
import { markOf, withoutMark } from './request-bytes.ts'

export interface HandOverOptions {
  readonly traffic: Traffic
  readonly chooser: Chooser
  /** The first one signs; none: marks are believed by address. */
  readonly keys: readonly KeyObject[]
  /** Whether a mark without signature is believed of this address. */
  readonly isPeer: (address: string) => boolean
  readonly local: LocalService
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

export class HandOver {
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
  readonly #forwarded = new WeakMap<Socket, ForwardedFields>()
  #toldAny = false

  constructor(options: HandOverOptions) {
    this.#options = options
  }

  /**
   * A request, before anybody has read its body.
   * @param expects it came as `checkContinue`: nobody has answered its Expect.
   * @param serveHere gives it to the application.
   * @returns false: the application gets it now, from whoever asks.
   */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    expects: boolean,
    serveHere: () => void,
  ): boolean {
    const choice = this.#choose(request)
    if (choice === undefined) {
      this.#options.local.begin(response)
      return false
    }
    if (choice.mode === 'redirect') {
      this.counts.redirected++
      redirect(request, response, choice.location)
      return true
    }
    if (choice.mode !== 'proxy' || response.headersSent) return this.#isHere(response)
    const { socket } = request
    const start = (): boolean => {
      return this.#start(
        { request, response, socket, behind: undefined, expects, serveHere },
        choice,
      )
    }
    if (response.socket !== null) return start() || this.#isHere(response)
    // Answers to earlier requests of a client that did not wait for them come first.
    response.once('socket', () => {
      if (start()) return
      this.#isHere(response)
      serveHere()
    })
    return true
  }

  /** @param behind bytes of the new protocol that came with the request. */
  upgrade(request: IncomingMessage, behind: Buffer, serveHere: () => void): boolean {
    const choice = this.#choose(request)
    if (choice === undefined) return false
    if (choice.mode === 'redirect') {
      this.counts.redirected++
      redirectUpgrade(request.socket, choice.location)
      return true
    }
    if (choice.mode !== 'proxy') return this.#isHere()
    const { socket } = request
    const handing = { request, response: undefined, socket, behind, expects: false, serveHere }
    return this.#start(handing, choice) || this.#isHere()
  }

  /** Ends what waits for an answer of a peer: the application here takes over where it can. */
  close(): void {
    for (const client of this.#clients) client.giveUp()
  }

  #isHere(response?: ServerResponse): false {
    this.counts.here++
    if (response !== undefined) this.#options.local.begin(response)
    return false
  }

  /** `undefined`: handed over to us, so it is served here. */
  #choose(request: IncomingMessage): Choice | undefined {
    const mark = markOf(request)
    if (mark !== undefined) {
      const told = this.#believe(mark, request)
      withoutMark(request)
      if (told !== undefined) {
        this.counts.received++
        this.#toldAny = true
        tellClient(request.socket, told)
        return undefined
      }
      this.counts.refusedMarks++
    }
    if (this.#toldAny) tellClient(request.socket, undefined)
    const choice = this.#options.chooser.first(request)
    // What we have sent on before comes round by peers that do not believe each other: no further.
    if (choice.mode === 'proxy' && this.#isOwn(request)) return { mode: 'here' }
    return choice
  }

  #believe(value: string, request: IncomingMessage): HandedOver | undefined {
    const { keys, isPeer, traffic } = this.#options
    const { method = '', url = '' } = request
    const now = traffic.clock.wall()
    const reading = readHandedOver(
      value,
      { method, target: url },
      keys,
      now,
      handOverLimits.markSkewMs,
    )
    if (reading.kind === 'refused') return undefined
    // What the socket says of an earlier request is not who is at its other end.
    tellClient(request.socket, undefined)
    const isTrusted = reading.signed || isPeer(plainAddress(request.socket.remoteAddress ?? ''))
    return isTrusted ? reading.mark : undefined
  }

  #isOwn({ headers }: IncomingMessage): boolean {
    const { via } = headers
    return via?.includes(this.#options.traffic.settings.via) === true
  }

  #start(
    given: Pick<Handing, 'request' | 'response' | 'socket' | 'behind' | 'expects'> & {
      serveHere: () => void
    },
    choice: Choice & { mode: 'proxy' },
  ): boolean {
    if (!isPlain(given.request, given.response, given.socket)) return false
    const { traffic, chooser } = this.#options
    const { request, socket, serveHere } = given
    const address = plainAddress(socket.remoteAddress ?? '')
    const mark = this.#mark(request, address)
    if (mark === undefined) return false
    const handing: Handing = {
      ...given,
      address,
      mark,
      forwarded: this.#forwardedOf(socket, address),
      application: chooser.application,
      first: choice.candidate,
      another: (tried) => {
        const next = chooser.again(request, tried)
        return next.mode === 'proxy' ? next.candidate : undefined
      },
      serveHere: () => {
        this.counts.cameBack++
        if (given.response !== undefined) this.#options.local.begin(given.response)
        serveHere()
      },
    }
    const client = new PeerClient(handing, traffic, (over) => this.#clients.delete(over))
    this.#clients.add(client)
    this.counts.handed++
    if (client.start()) return true
    this.counts.handed--
    this.#clients.delete(client)
    return false
  }

  /** `undefined` for a client whose address is not known any more. */
  #mark(request: IncomingMessage, address: string): string | undefined {
    const { traffic, keys } = this.#options
    const { remotePort } = request.socket
    if (address === '' || remotePort === undefined) return undefined
    const { method = '', url = '' } = request
    const mark: HandedOver = {
      address: address.replace(/%.*$/, ''),
      port: remotePort,
      scheme: request.socket instanceof TLSSocket ? 'https' : 'http',
      time: Math.round(traffic.clock.wall()),
    }
    return writeHandedOver(mark, { method, target: url }, keys[0])
  }

  #forwardedOf(socket: Socket, address: string): ForwardedFields {
    let fields = this.#forwarded.get(socket)
    if (fields === undefined) {
      const scheme = socket instanceof TLSSocket ? 'https' : 'http'
      fields = new ForwardedFields({
        address,
        scheme,
        trusted: true,
        via: this.#options.traffic.via,
      })
      this.#forwarded.set(socket, fields)
    }
    return fields
  }
}

/** HTTP/1 on a socket of Node.js's own: nothing else can be written to as bytes. */
function isPlain(
  request: IncomingMessage,
  response: ServerResponse | undefined,
  socket: Socket,
): boolean {
  if (!(socket instanceof Socket) || !(request instanceof IncomingMessage)) return false
  if (request.httpVersionMajor !== 1) return false
  return response === undefined || (response instanceof ServerResponse && canFinish())
}
