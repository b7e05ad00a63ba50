// A server that knows nothing of peers, as the application of one: what is to be served here is forwarded to
// it, by the same stages as everything else. It is told of the client itself, and of nothing that the client says
// about that.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { contextLive, newLive } from '../cluster/live.ts'
import type { Node } from '../cluster/node.ts'
import type { Application, Candidate } from '../cluster/routes.ts'
import type { Traffic } from '../forward/traffic.ts'
import { clientFacts } from './client-facts.ts'
import { peerBalancer } from './peer-candidates.ts'
import { type Arrival, type HandingOwner, PeerClient } from './peer-client.ts'

export class Target {
  readonly #owner: HandingOwner
  readonly #candidate: Candidate

  constructor(traffic: Traffic, host: string, port: number) {
    const alone: Candidate[] = []
    const node = nodeAt(host, port)
    const live = newLive()
    const candidate: Candidate = {
      node,
      live,
      contextLive: contextLive(live, ''),
      status: 'ENABLED',
      peer: undefined,
      alone,
    }
    alone.push(candidate)
    const application: Application = {
      path: '',
      cookie: new Uint8Array(0),
      candidates: alone,
      cascade: 0,
      balancer: peerBalancer,
    }
    this.#candidate = candidate
    this.#owner = {
      traffic,
      application,
      // The same once more: a connection that had waited may have been closed just then.
      another: (_, tried) => (tried.includes(node.id) ? undefined : candidate),
      servesHere: false,
      cameBack: () => {},
      over: () => {},
    }
  }

  /** A listener for `request`, and with `expects` for `checkContinue`. */
  request(request: IncomingMessage, response: ServerResponse, expects: boolean = false): void {
    const arrival = { request, response, socket: request.socket, behind: undefined, expects }
    if (response.socket !== null) this.#send(arrival)
    else response.once('socket', () => this.#send(arrival))
  }

  upgrade(request: IncomingMessage, behind: Buffer): void {
    const { socket } = request
    this.#send({ request, response: undefined, socket, behind, expects: false })
  }

  #send(arrival: Arrival): void {
    const facts = clientFacts(arrival.socket, this.#owner.traffic.via, false)
    if (new PeerClient(arrival, this.#candidate, facts, this.#owner).start(undefined)) return
    const { response, socket } = arrival
    if (response === undefined) socket.destroy()
    else response.writeHead(400, { Connection: 'close' }).end()
  }
}

/** Its own number: peers count from 1. */
const targetId = 0

const nodeAt = (host: string, port: number): Node => ({
  id: targetId,
  slot: 0,
  route: 'target',
  balancer: peerBalancer.name,
  domain: '',
  host,
  port,
  type: 'http',
  reversed: false,
  flushPackets: 'off',
  flushWaitMs: 0,
  pingMs: 0,
  smax: -1,
  ttlMs: 0,
  timeoutMs: 0,
  removal: 'none',
  fixed: false,
})
