// The server behind `topspin peer`, in place of an application: what is served here is forwarded to it, by the same stages
// as everything else. It gets the client itself in the forwarded fields, without the client's own claims about its origin.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { contextLive, newLive } from '../../cluster/live.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
import {
  type Arrival,
  clientFacts,
  ParsedClient,
  type ParsedOwner,
  type Traffic,
} from '../../forward/index.ts'
import { applicationOf, peerNode } from '../choice/peer-candidates.ts'
import type { Destinations } from '../hand-over/destinations.ts'
import { toCandidates } from '../hand-over/to-candidates.ts'

export class Target implements ParsedOwner, Destinations {
  readonly traffic: Traffic
  readonly application: Application
  readonly headBytesMax: number = Number.POSITIVE_INFINITY
  readonly addsFields = false
  readonly #candidate: Candidate

  constructor(traffic: Traffic, host: string, port: number) {
    const alone: Candidate[] = []
    const live = newLive()
    const candidate: Candidate = {
      node: peerNode({ id: targetId, route: 'target', host, port, type: 'http' }),
      live,
      contextLive: contextLive(live, ''),
      status: 'ENABLED',
      peer: undefined,
      alone,
    }
    alone.push(candidate)
    this.traffic = traffic
    this.application = applicationOf(alone)
    this.#candidate = candidate
  }

  /** A listener for `request`, and with `expects` for `checkContinue`. */
  request(request: IncomingMessage, response: ServerResponse, expects: boolean = false): void {
    const { socket } = request
    const arrival: Arrival = { request, response, socket, behind: undefined, expects, serveHere }
    if (response.socket !== null) this.#send(arrival)
    else response.once('socket', () => this.#send(arrival))
  }

  /** A listener for `upgrade`. */
  upgrade(request: IncomingMessage, behind: Buffer): void {
    const { socket } = request
    this.#send({ request, response: undefined, socket, behind, expects: false, serveHere })
  }

  /** The target once more: a reused connection may have been closed at that moment. */
  another(_request: unknown, tried: readonly number[]): Candidate | undefined {
    return tried.includes(targetId) ? undefined : this.#candidate
  }

  servesHere(): boolean {
    return false
  }

  cameBack(): void {}

  over(): void {}

  becameTunnel(): void {}

  #send(arrival: Arrival): void {
    const facts = clientFacts(arrival.socket, this.traffic.via, false)
    const begin = toCandidates(this, arrival.request, this.#candidate)
    if (new ParsedClient(arrival, facts, this, begin).start(undefined)) return
    const { response, socket } = arrival
    if (response === undefined) socket.destroy()
    else response.writeHead(400, { Connection: 'close' }).end()
  }
}

/** Peers are numbered from 1. */
const targetId = 0

const serveHere = (): void => {}
