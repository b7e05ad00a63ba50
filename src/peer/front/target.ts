// A server that knows nothing of peers, as the application of one: what is to be served here is forwarded to
// it, by the same stages as everything else. It is told of the client itself, and of nothing that the client says
// about that.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { contextLive, newLive } from '../../cluster/live.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { Traffic } from '../../forward/index.ts'
import { applicationOf, peerNode } from '../choice/peer-candidates.ts'
import { clientFacts } from '../hand-over/client-facts.ts'
import { type Arrival, type HandingOwner, PeerClient } from '../parsed/peer-client.ts'

export class Target {
  readonly #owner: HandingOwner
  readonly #candidate: Candidate

  constructor(traffic: Traffic, host: string, port: number) {
    const alone: Candidate[] = []
    const node = peerNode({ id: targetId, route: 'target', host, port, type: 'http' })
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
    const application = applicationOf(alone)
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
