// An HTTP server on a manual clock whose handler needs one of a few workers, in the order of arrival: what a process is
// that waits for its database. No sockets: requests and responses are made by hand.

import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { Random } from '../../src/base/clock.ts'
import { Events } from '../sim/events.ts'
import { readLoadReport } from './load-report.ts'

export interface PooledGiven {
  readonly workers: number
  /** Mean of the exponential time that a worker takes for a request, ms. */
  readonly serviceMs: number
  readonly random: Random
}

export class PooledServer {
  readonly server: Server = createServer()
  readonly events: Events = new Events()
  readonly #given: PooledGiven
  readonly #queue: ServerResponse[] = []
  #working = 0

  constructor(given: PooledGiven) {
    this.#given = given
  }

  /** Requests at random moments, as a share of what all workers can do, for so many ms. */
  run(load: number, ms: number): void {
    const { workers, serviceMs, random } = this.#given
    const end = this.events.now() + ms
    const next = (): void =>
      this.events.after((-Math.log(1 - random()) * serviceMs) / (workers * load), arrive)
    const arrive = (): void => {
      if (this.events.now() >= end) return
      this.#queue.push(this.begin())
      this.#work()
      next()
    }
    next()
    this.events.runUntil(end)
  }

  /** Nothing arrives for so many ms. */
  rest(ms: number): void {
    this.events.runUntil(this.events.now() + ms)
  }

  /** A request arrives. */
  begin(): ServerResponse {
    const request = new IncomingMessage(new Socket())
    const response = new ServerResponse(request)
    this.server.emit('request', request, response)
    return response
  }

  /** The response is written to its end. @returns its load report. */
  finish(response: ServerResponse, status: number = 200): ReadonlyMap<string, number> {
    response.assignSocket(new Writable({ write: (_bytes, _encoding, done) => done() }) as Socket)
    response.writeHead(status)
    response.end()
    // Node.js 24.21 says so in the next tick only. A real response is finished before it is closed.
    Object.defineProperty(response, 'writableFinished', { value: true })
    response.emit('close')
    return readLoadReport(response.getHeader('endpoint-load-metrics'))
  }

  /** The load report of one more request, whose client goes away, so that nothing is learnt from it. */
  report(): ReadonlyMap<string, number> {
    const response = this.begin()
    response.writeHead(200)
    response.emit('close')
    return readLoadReport(response.getHeader('endpoint-load-metrics'))
  }

  #work(): void {
    while (this.#working < this.#given.workers) {
      const response = this.#queue.shift()
      if (response === undefined) return
      this.#working++
      const { random, serviceMs } = this.#given
      this.events.after(-Math.log(1 - random()) * serviceMs, () => {
        this.#working--
        this.finish(response)
        this.#work()
      })
    }
  }
}
